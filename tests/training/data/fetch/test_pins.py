from __future__ import annotations

import threading
from pathlib import Path

import pytest

from training.data.base import DataError
from training.data.fetch.pins import Pins

FIRST, SECOND = "1" * 64, "2" * 64


def test_a_pin_stays_until_it_is_dropped(tmp_path: Path) -> None:
    pins = Pins(tmp_path / "new" / "lock.json")
    assert pins.find("set/file") is None
    pins.add("set/file", FIRST, 5, "http://example.org/file")
    pins.add("set/file", FIRST, 5, "http://example.org/elsewhere")
    found = Pins(pins.path).find("set/file")
    assert found is not None
    assert (found.sha256, found.bytes, found.address) == (FIRST, 5, "http://example.org/file")
    with pytest.raises(DataError, match=r"is pinned in .* to SHA-256 111111111111"):
        pins.add("set/file", SECOND, 5, "http://example.org/file")
    assert [pins.drop("set/file"), pins.drop("set/file"), pins.find("set/file")] == [True, False, None]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version": 2}', '{"files": {"a": {"sha256": "x"}}}', '{"version": 1, "more": 1}']
)
def test_a_damaged_lock_file_is_reported_and_not_overwritten(tmp_path: Path, text: str) -> None:
    path = tmp_path / "lock.json"
    path.write_text(text)
    for act in (lambda pins: pins.find("a"), lambda pins: pins.add("a", FIRST, 1, "b"), lambda pins: pins.drop("a")):
        with pytest.raises(DataError, match="not a readable lock file") as caught:
            act(Pins(path))
        assert "\n" not in str(caught.value)
    assert path.read_text() == text


def test_pins_added_at_once_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "lock.json"
    threads = [threading.Thread(target=Pins(path).add, args=(f"set/{n}", FIRST, n, "x")) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(Pins(path).find(f"set/{n}") for n in range(8))
