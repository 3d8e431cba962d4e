"""Keep secrets out of the record: what would be written is searched before it is hashed.

Hidden are the secrets that were made known (`hide`) and what has the shape of a well-known token.
In its place stands a mark made with a key of the user's: the same secret gives the same mark, and
nobody can try out secrets against it.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Any

import orjson

from scientist.journal import signing

LEAST = 8  # a shorter word may stand anywhere
_SHAPES = re.compile(
    rb"\bsk-(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{20,}"
    rb"|(?<=\bBearer )[A-Za-z0-9._~+/-]{16,}=*"
    rb"|\bhf_[A-Za-z0-9]{20,}"
    rb"|\bgh[pos]_[A-Za-z0-9]{30,}"
    rb"|\bgithub_pat_[A-Za-z0-9_]{30,}"
    rb"|\bAKIA[0-9A-Z]{16}\b"
)


class Redactor:
    """The secrets that one journal must not hold."""

    def __init__(self) -> None:
        self._known: dict[bytes, bytes] = {}  # as it is written, and the secret itself

    def hide(self, secret: str | None) -> None:
        """Make a secret known; it may be written as it is or inside JSON."""
        if secret is None or len(secret) < LEAST:
            return
        for written in (secret.encode(), orjson.dumps(secret)[1:-1]):
            self._known[written] = secret.encode()

    def knows(self, content: bytes) -> bool:
        """Whether a secret that was made known stands there."""
        return any(written in content for written in self._known)

    def touches(self, content: bytes) -> bool:
        """Whether there is anything to hide."""
        if self._known and self.knows(content):
            return True
        begins = (  # this looks at all that is written: the expression alone would take longer
            b"sk-" in content
            or b"Bearer " in content
            or b"hf_" in content
            or b"ghp_" in content
            or b"gho_" in content
            or b"ghs_" in content
            or b"github_pat_" in content
            or b"AKIA" in content
        )
        return begins and _SHAPES.search(content) is not None

    def clean(self, content: bytes) -> bytes:
        """The same with a mark for every secret."""
        for written in sorted(self._known, key=len, reverse=True):
            if written in content:
                content = content.replace(written, mark(self._known[written]))
        return _SHAPES.sub(lambda found: mark(found[0]), content)

    def clean_data(self, data: Any) -> Any:
        """Plain data with a mark for every secret."""
        return orjson.loads(self.clean(orjson.dumps(data)))


def mark(secret: bytes) -> bytes:
    """What stands in the place of a secret."""
    return b"[hidden:%s]" % hashlib.blake2b(secret, key=_key(), digest_size=4).hexdigest().encode()


@lru_cache(maxsize=1)
def _key() -> bytes:
    return signing.marking()
