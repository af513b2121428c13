from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.site_src.fixture_models import write_model
from training.core.reading import read_bytes


def test_a_key_that_is_a_pipe_or_has_no_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from export.card.signature import KEY_BYTES
    from export.cli.sign import sign_command

    model = write_model(tmp_path, "tiny-badnet", backdoored=True)
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} is read without a limit"))
    os.mkfifo(tmp_path / "pipe.pem")
    with pytest.raises(OSError, match="is not an ordinary file"):
        sign_command([str(model)], tmp_path / "pipe.pem")
    with (tmp_path / "large.pem").open("wb") as stream:
        stream.truncate(KEY_BYTES + 1)
    with pytest.raises(OSError, match="holds more than"):
        sign_command([str(model)], tmp_path / "large.pem")
    assert not (model.parent / "signature.json").exists()


def test_no_key_is_made_and_nothing_signed_where_a_model_is_missing(tmp_path: Path) -> None:
    from export.card.signature import SIGNATURE_NAME
    from export.cli.sign import sign_command
    from training.core.errors import UserError

    model = write_model(tmp_path, "tiny-badnet", backdoored=True)
    key = tmp_path / "new.pem"
    with pytest.raises(UserError):
        sign_command([str(model), str(tmp_path / "missing")], key, new_key=True)
    assert not key.exists()
    assert not (model.parent / SIGNATURE_NAME).exists()
    sign_command([str(model)], key, new_key=True)
    assert b"PRIVATE KEY" in read_bytes(key, 1000)
