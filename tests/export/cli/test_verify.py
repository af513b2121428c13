from __future__ import annotations

from pathlib import Path

import pytest
import typer

from tests.site_src.fixture_models import write_model


@pytest.mark.parametrize(
    ("signer", "words"), [("owner", None), ("stranger", "signed with another key"), ("nobody", "not signed")]
)
def test_a_key_fails_what_its_owner_did_not_sign(
    tmp_path: Path, signer: str, words: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    from export.card.signature import new_key, public_key, sign
    from export.cli.verify import verify_command

    folder, key = write_model(tmp_path, "tiny-badnet", backdoored=True).parent, new_key()
    if signer != "nobody":
        sign(folder, key if signer == "owner" else new_key())
    with pytest.raises(typer.Exit):  # with 1 in any case: the model has no golden vectors
        verify_command([str(folder)], public_key(key))
    table, problems = (" ".join(said.split()) for said in capsys.readouterr())
    assert "Ed25519" in table
    assert (words is None) == ("signed" not in problems)
    assert (words or "") in problems
