"""Ed25519 signatures of model cards. A card holds the hash of each of its files, so one signature covers them all.

What is signed is `card.json` as it lies there, byte for byte. `signature.json` beside it holds the signature and the
public key, each in base64.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from pathlib import Path
from typing import Annotated, Literal

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from pydantic import AfterValidator, TypeAdapter, ValidationError

from export.card.io import CARD_NAME, card_text, read_card, read_json
from export.card.parts import part_problem
from export.card.steps import Part
from training.core.errors import UserError
from training.core.files import write_text
from training.core.reading import TEXT_BYTES, read_bytes

SIGNATURE_NAME = "signature.json"
KEY_VARIABLE = "BACKDOORS_SIGNING_KEY"
"""Environment variable with a private key, as the text of its PEM file."""
KEY_BYTES = 1 << 20
"""The most that a private key's file may hold."""
_PUBLIC_BYTES, _SIGNATURE_BYTES = 32, 64


class SignatureError(UserError):
    """A key or a signature that cannot be used."""


def _base64(length: int) -> AfterValidator:
    def check(text: str) -> str:
        try:
            content = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ValueError(f"{length} bytes in base64 are expected") from error
        if len(content) != length:
            raise ValueError(f"{length} bytes in base64 are expected, found {len(content)}")
        return text

    return AfterValidator(check)


PublicKey = Annotated[str, _base64(_PUBLIC_BYTES)]
"""The 32 bytes of an Ed25519 public key in base64."""


class Signature(Part):
    """The content of a `signature.json`."""

    algorithm: Literal["Ed25519"] = "Ed25519"
    key: PublicKey
    """The signer's; it proves nothing unless the reader knows it from elsewhere."""
    signature: Annotated[str, _base64(_SIGNATURE_BYTES)]


def fingerprint(key: PublicKey) -> str:
    """A public key in few characters: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(base64.b64decode(key)).hexdigest()[:16]


def parse_public_key(text: str) -> PublicKey:
    """A public key as somebody wrote it.

    Raises:
        SignatureError: If it is none.
    """
    try:
        return TypeAdapter[str](PublicKey).validate_python(text)
    except ValidationError as error:
        raise SignatureError(f"'{text[:80]}' is no public key: {error.errors()[0]['ctx']['error']}") from error


def new_key() -> Ed25519PrivateKey:
    """A private key made now."""
    return Ed25519PrivateKey.generate()


def write_key(path: Path) -> Ed25519PrivateKey:
    """Make a private key and write it as PEM, readable by its owner alone.

    Raises:
        SignatureError: If there is such a file already.
    """
    key = new_key()
    try:
        place = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise SignatureError(f"{path}: there is such a file already; a key is never overwritten") from error
    with os.fdopen(place, "wb") as stream:
        stream.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return key


def read_key(pem: bytes, where: str) -> Ed25519PrivateKey:
    """A private key from its PEM text.

    Args:
        pem: The text.
        where: What to call it in an error.

    Raises:
        SignatureError: If it is no Ed25519 key without a password.
    """
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SignatureError(f"{where}: not a private key in PEM without a password") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SignatureError(f"{where}: a key of another kind; Ed25519 is expected")
    return key


def key_from_environment() -> Ed25519PrivateKey | None:
    """The private key in the environment variable, if there is one."""
    pem = os.environ.get(KEY_VARIABLE, "")
    return read_key(pem.encode(), KEY_VARIABLE) if pem else None


def public_key(key: Ed25519PrivateKey) -> PublicKey:
    """The public half."""
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def make_signature(content: bytes, key: Ed25519PrivateKey) -> Signature:
    """The signature of a card's bytes."""
    return Signature(key=public_key(key), signature=base64.b64encode(key.sign(content)).decode())


def signature_problem(content: bytes, signature: Signature, key: PublicKey) -> str | None:
    """What is wrong with the signature of a card's bytes; None if the owner of that key made it for them."""
    if signature.key != key:
        return f"signed with another key ({fingerprint(signature.key)}) than {fingerprint(key)}"
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(key)).verify(base64.b64decode(signature.signature), content)
    except InvalidSignature:
        return f"not what the key {fingerprint(key)} signed: it was changed, or the signature is of something else"
    return None


def sign(folder: Path, key: Ed25519PrivateKey) -> Path:
    """Sign a model's card; returns the path of the signature.

    A card that leaves out defaults is first written with them, as a site serves it: those bytes are what is signed.

    Raises:
        CardError: If the card cannot be read.
        SignatureError: If a file differs from the card.
    """
    path = folder / CARD_NAME
    card = read_card(path)
    for part in (part for file in card.files for part in file.parts):
        if (problem := part_problem(folder, part)) is not None:
            raise SignatureError(f"{problem}: nothing is signed that differs from its card")
    content = read_bytes(path, TEXT_BYTES)
    if content != card_text(card).encode():
        write_text(path, card_text(card))
        content = card_text(card).encode()
    place = folder / SIGNATURE_NAME
    write_text(place, make_signature(content, key).model_dump_json(indent=2) + "\n")
    return place


def read_signature(folder: Path) -> Signature | None:
    """The signature beside a card; None if there is none.

    Raises:
        SignatureError: If it cannot be read.
    """
    path = folder / SIGNATURE_NAME
    return read_json(path, Signature, "the signature", SignatureError) if os.path.lexists(path) else None


def folder_problem(folder: Path, key: PublicKey) -> str | None:
    """What is wrong with the signature of a model's card; None if it is the key's."""
    try:
        signature = read_signature(folder)
    except SignatureError as error:
        return str(error)
    if signature is None:
        return f"{folder / CARD_NAME}: not signed: there is no {SIGNATURE_NAME} beside it"
    problem = signature_problem(read_bytes(folder / CARD_NAME, TEXT_BYTES), signature, key)
    return None if problem is None else f"{folder / CARD_NAME}: {problem}"
