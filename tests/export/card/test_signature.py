from __future__ import annotations

import json
from pathlib import Path

import pytest

from export.card.io import CARD_NAME
from export.card.signature import (
    KEY_VARIABLE,
    SIGNATURE_NAME,
    SignatureError,
    folder_problem,
    key_from_environment,
    new_key,
    parse_public_key,
    public_key,
    read_key,
    sign,
    write_key,
)
from tests.site_src.fixture_models import write_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_model(tmp_path, "tiny-badnet", backdoored=True).parent


def flip(path: Path) -> None:
    """Change one byte in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_signed_card_is_its_signers(folder: Path) -> None:
    mine, other = new_key(), new_key()
    assert (
        folder_problem(folder, public_key(mine))
        == f"{folder / CARD_NAME}: not signed: there is no signature.json beside it"
    )
    before = (folder / CARD_NAME).read_bytes()
    sign(folder, mine)
    assert (folder / CARD_NAME).read_bytes() == before
    assert folder_problem(folder, public_key(mine)) is None
    assert "signed with another key" in (folder_problem(folder, public_key(other)) or "")


def test_the_signer_that_a_stranger_names_counts_for_nothing(folder: Path) -> None:
    mine, strangers = new_key(), new_key()
    sign(folder, strangers)
    signature = json.loads((folder / SIGNATURE_NAME).read_text())
    (folder / SIGNATURE_NAME).write_text(json.dumps({**signature, "key": public_key(mine)}))
    assert "not what the key" in (folder_problem(folder, public_key(mine)) or "")


def test_one_changed_byte_is_found_in_card_and_signature(folder: Path) -> None:
    key = new_key()
    sign(folder, key)
    for name in (CARD_NAME, SIGNATURE_NAME):
        content = (folder / name).read_bytes()
        flip(folder / name)
        problem = folder_problem(folder, public_key(key))
        assert problem is not None
        assert "\n" not in problem
        (folder / name).write_bytes(content)
    assert folder_problem(folder, public_key(key)) is None


def test_nothing_is_signed_that_differs_from_its_card(folder: Path) -> None:
    flip(next(folder.glob("*.onnx")))
    with pytest.raises(SignatureError, match=r"\.onnx: SHA-256 .* nothing is signed"):
        sign(folder, new_key())


def test_a_card_without_its_defaults_is_written_in_full_before_it_is_signed(folder: Path) -> None:
    path, key = folder / CARD_NAME, new_key()
    full = path.read_bytes()
    card = json.loads(full)
    del card["schema_version"]
    path.write_text(json.dumps(card))
    sign(folder, key)
    assert path.read_bytes() == full
    assert folder_problem(folder, public_key(key)) is None


def test_a_key_is_read_as_it_was_written_and_never_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "private.pem"
    key = write_key(path)
    assert path.stat().st_mode & 0o077 == 0
    assert public_key(read_key(path.read_bytes(), "it")) == public_key(key)
    with pytest.raises(SignatureError, match="never overwritten"):
        write_key(path)
    monkeypatch.setenv(KEY_VARIABLE, path.read_text())
    found = key_from_environment()
    assert found is not None
    assert public_key(found) == public_key(key)


@pytest.mark.parametrize("text", ["", "?", "AAAA", "=" * 44])
def test_what_is_no_key_is_said_so(text: str) -> None:
    with pytest.raises(SignatureError, match="no public key"):
        parse_public_key(text)
    with pytest.raises(SignatureError, match="not a private key"):
        read_key(text.encode(), "key.pem")


def test_a_wrong_key_is_named_in_our_words() -> None:
    with pytest.raises(SignatureError, match=r"^'x' is no public key: 32 bytes in base64 are expected$"):
        parse_public_key("x")
