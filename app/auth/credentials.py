"""Secrets and codes: how they are drawn, written, read and hashed."""

import hashlib
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
CODE_LENGTH = 12  # 60 bits
READ_AS = str.maketrans(
    {"I": "1", "L": "1", "O": "0", "U": "V", "-": None, " ": None, "\u00a0": None, "–": None}
)


def new_code() -> str:
    """A code people type: 60 random bits as `XXXX-XXXX-XXXX`."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    return "-".join(letters[i : i + 4] for i in range(0, CODE_LENGTH, 4))


def read_code(typed: str) -> str | None:
    """What was meant by a typed code (case, hyphens, O for 0), or None when it cannot be one."""
    letters = typed.strip().upper().translate(READ_AS)
    if len(letters) != CODE_LENGTH or any(letter not in ALPHABET for letter in letters):
        return None
    return "-".join(letters[i : i + 4] for i in range(0, CODE_LENGTH, 4))


def new_secret(prefix: str) -> str:
    """A bearer secret of 256 random bits."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def hashed(secret: str) -> str:
    """SHA-256, right for secrets of 256 random bits and for codes that are throttled."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_seed() -> int:
    """The seed of a sitting: 63 random bits, so that it fits a signed integer column."""
    return secrets.randbits(63)
