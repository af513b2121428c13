"""The command `verify`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from export.cli.common import Timeout, open_named
from export.errors import ExportError
from training.cli.common import say, show
from training.cli.errors import complain
from training.core.errors import UserError

if TYPE_CHECKING:
    from export.onnx.sandbox import Sandbox
    from export.release.models import Model
    from export.release.verify import Check


def verify_command(
    models: Annotated[
        list[str] | None,
        typer.Argument(metavar="MODEL", help="Ids, folders or cards of models.", show_default="all models"),
    ] = None,
    key: Annotated[
        str | None, typer.Option(metavar="KEY", help="Public key (base64) that the cards must be signed with.")
    ] = None,
    timeout: Timeout = 60,
) -> None:
    """Check models: hashes, card schema, ONNX metadata and golden vectors. Exits with 1 on any mismatch.

    With a key, a card that the key's owner did not sign as it is fails as well.

    Example: backdoors verify mnist-badnet
    """
    from export.card.signature import parse_public_key
    from export.onnx.sandbox import Limits, Sandbox
    from export.release.models import discover
    from export.release.verify import verify
    from training.core.console import stdout_console, table

    signer = None if key is None else parse_public_key(key)
    broken: list[UserError] = []
    chosen = _named(models, broken) if models else discover(broken=broken.append)
    if not chosen and not broken:
        raise ExportError("there are no models to verify: backdoors train RECIPE, then backdoors export RECIPE")
    for error in broken:
        complain(error)
    rows, wrong = [], len(broken)
    with Sandbox(Limits(timeout)) as sandbox:
        for model in chosen:
            say(f"verifying {model.card.id} in {model.folder}")
            for check in [*_signature(model, signer), *_checks(verify, model, sandbox)]:
                wrong += len(check.problems)
                rows.append([model.card.id, check.what, "FAILED" if check.problems else "ok", check.found])
                for problem in check.problems:
                    complain(f"{model.card.id}: {problem}")
    stdout_console().print(table("model", "check", "result", "what was compared", rows=rows))
    show(f"{len(chosen)} models, {wrong} problems")
    raise typer.Exit(1 if wrong else 0)


def _signature(model: Model, key: str | None) -> list[Check]:
    """Whether the key's owner signed it."""
    if key is None:
        return []
    from export.card.signature import fingerprint, folder_problem
    from export.release.verify import Check

    problem = folder_problem(model.folder, key)
    return [Check("signature", f"Ed25519, key {fingerprint(key)}", [] if problem is None else [problem])]


def _checks(verify: Callable[..., list[Check]], model: Model, sandbox: Sandbox) -> list[Check]:
    """What was checked of a model; a problem that ends the checks does not end those of other models."""
    from export.release.verify import Check

    try:
        return verify(model, sandbox=sandbox)
    except (UserError, OSError) as error:
        return [Check("model", "could not be checked", [str(error)])]


def _named(names: list[str], broken: list[UserError]) -> list[Model]:
    """The models of those names; what is wrong with the others goes to `broken`, so that all are reported."""
    found = []
    for name in names:
        try:
            found.append(open_named(name))
        except UserError as error:
            broken.append(error)
    return found
