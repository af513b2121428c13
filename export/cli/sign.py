"""The command `sign`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from export.cli.common import open_named
from training.cli.common import say, show


def sign_command(
    models: Annotated[list[str], typer.Argument(metavar="MODEL", help="Ids, folders or cards of models.")],
    key: Annotated[
        Path | None,
        typer.Option(show_default="the variable BACKDOORS_SIGNING_KEY", help="File with the private key (PEM)."),
    ] = None,
    new_key: Annotated[
        bool, typer.Option("--new-key", help="Make a private key, and write it to the file that --key names.")
    ] = False,
) -> None:
    """Sign model cards with Ed25519. A card holds its files' hashes, so the signature covers them too.

    A card that leaves out defaults is first written with them, as a site serves it.

    A signature proves that the owner of the key signed exactly these bytes, and that nobody has changed them since. It
    says nothing about what the network does: a backdoored network can be signed.

    Example: backdoors sign mnist-badnet --key private.pem --new-key
    """
    from export.card.signature import (
        KEY_BYTES,
        KEY_VARIABLE,
        SignatureError,
        fingerprint,
        key_from_environment,
        public_key,
        read_key,
        sign,
        write_key,
    )
    from training.core.reading import read_bytes

    folders = [open_named(name).folder for name in models]  # before a key is made
    if key is None:
        private = None if new_key else key_from_environment()
        if private is None:
            raise SignatureError(f"no key to sign with: give --key FILE, or set {KEY_VARIABLE}; --new-key makes a file")
    else:
        private = write_key(key) if new_key else read_key(read_bytes(key, KEY_BYTES), str(key))
    for folder in folders:
        show(sign(folder, private))
    public = public_key(private)
    say(f"public key {public}, fingerprint {fingerprint(public)}")
    say(f"anyone can check with: backdoors verify MODEL --key {public}")
