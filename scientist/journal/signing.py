"""The key with which this user signs checkpoints: Ed25519, made when it is first needed.

It lies in the user's data folder, readable to nobody else. Every checkpoint carries the public
half, so whoever has the record alone can check the signatures; that the key is that user's own is
what only somebody who knows the public key from elsewhere can say.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from scientist.errors import UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_HEX = re.compile(r"[0-9a-f]{64}")


def data_folder() -> Path:
    """Where this user's key and anchors lie: outside of every workspace."""
    return Path(platformdirs.user_data_dir("scientist"))


def key_file() -> Path:
    """The private key, as 32 bytes in hexadecimal digits."""
    return data_folder() / "signing.key"


def public() -> str:
    """The public key of this user; empty as long as there is none."""
    try:
        return _public(key_file().read_text())
    except (OSError, ValueError):
        return ""


def sign(message: bytes) -> tuple[str, str]:
    """Public key and signature; both empty where no key can be kept."""
    try:
        secret = _secret()
    except (OSError, ValueError):
        return "", ""
    return _public(secret), _private(secret).sign(message).hex()


def holds(key: str, signature: str, message: bytes) -> bool:
    """Whether a signature is that of the key's owner on exactly this message."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(
            bytes.fromhex(signature), message
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def marking() -> bytes:
    """What keyed marks of hidden secrets are made with; of this process alone without a key."""
    try:
        return hashlib.sha256(b"marks" + bytes.fromhex(_secret())).digest()
    except (OSError, ValueError):
        return _PROCESS


def read_public(given: str) -> str:
    """A public key that a user names: 64 hexadecimal digits, or a file that holds them."""
    text = given.strip().lower()
    if not _HEX.fullmatch(text):
        try:
            text = Path(given).expanduser().read_text().strip().lower()
        except (OSError, UnicodeDecodeError) as fault:
            raise UsageError(
                f"{given!r} is neither a public key nor a file with one",
                "scientist audit verify --key HEX (64 digits, as scientist audit anchor shows)",
            ) from fault
    if not _HEX.fullmatch(text):
        raise UsageError(
            f"{given} holds no public key of 64 hexadecimal digits",
            "scientist audit verify --key HEX",
        )
    return text


_PROCESS = os.urandom(32)


def _secret() -> str:
    """The private key; made if there is none, and never over one that is there."""
    file = key_file()
    try:
        return _checked(file.read_text())
    except FileNotFoundError:
        pass
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, part = tempfile.mkstemp(dir=file.parent, prefix=".key-")  # mode 0600
    try:
        with os.fdopen(descriptor, "w") as opened:
            opened.write(os.urandom(32).hex() + "\n")
            opened.flush()
            os.fsync(opened.fileno())
        with suppress(FileExistsError):  # of two that make one at once, the first one's counts
            os.link(part, file)
    finally:
        Path(part).unlink(missing_ok=True)
    return _checked(file.read_text())


def _checked(text: str) -> str:
    if not _HEX.fullmatch(text.strip()):
        raise ValueError("the signing key is damaged")
    return text.strip()


@lru_cache(maxsize=4)
def _private(secret: str) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret))


def _public(secret: str) -> str:
    return _private(_checked(secret)).public_key().public_bytes_raw().hex()
