"""Signatures of the models of a site: read from beside their cards, or made by the build."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from export.card.signature import (
    PublicKey,
    Signature,
    SignatureError,
    key_from_environment,
    make_signature,
    new_key,
    public_key,
    read_signature,
    signature_problem,
)

KeyOrigin = Literal["given", "kept", "build"]
"""A public key in the options; a private key in the environment, which outlives the build; one made for the build."""


@dataclass(frozen=True)
class Proof:
    """What a page tells a widget of a card's signature."""

    key: PublicKey
    """That the site's author expects."""
    signature: Signature | None
    problem: str | None = None
    """Why the build does not accept it."""


@dataclass(frozen=True)
class Notary:
    """Gives each card of a site its proof."""

    key: PublicKey
    origin: KeyOrigin
    private: Ed25519PrivateKey | None = None
    """None where cards must have been signed before."""

    def proof(self, content: bytes, folder: Path) -> Proof:
        """The proof of a card as it is served, from the folder where it lies."""
        if self.private is not None:
            return Proof(self.key, make_signature(content, self.private))
        try:
            signature = read_signature(folder)
        except SignatureError as error:
            return Proof(self.key, None, str(error))
        if signature is None:
            return Proof(self.key, None, "not signed: `backdoors sign` signs it")
        return Proof(self.key, signature, signature_problem(content, signature, self.key))


def open_notary(key: PublicKey | None, *, sign: bool) -> Notary | None:
    """The notary that a site's options ask for; None if they ask for none.

    Raises:
        SignatureError: If the private key in the environment cannot be used, or is not that of the public key.
    """
    if not sign:
        return None if key is None else Notary(key, "given")
    private = key_from_environment()
    made = private or new_key()
    if key not in {None, public_key(made)}:
        raise SignatureError("option `sign`: the key that signs is not the private half of the option `public_key`")
    return Notary(public_key(made), "build" if private is None else "kept", made)
