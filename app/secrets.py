"""Secrets that must be read again (webhook secrets, one-time-password seeds, private keys) are sealed at rest.

A dump of the database without the master key gives none of them away. What need not be read again is hashed
instead (`app.auth.credentials`).
"""

import hmac
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from app.settings import Settings

FILE = "master.key"


class Sealer:
    """Authenticated encryption under the master keys: the first seals, any of them opens."""

    def __init__(self, keys: list[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self._keys = list(keys)

    @classmethod
    def of(cls, settings: Settings) -> "Sealer":
        """The sealer of this installation: `MASTER_KEYS`, else a file made at first need.

        Raises
        ------
        ValueError
            A key is not 32 bytes of URL-safe base64.
        """
        named = settings.master_keys.get_secret_value() if settings.master_keys else ""
        keys = [key.strip() for key in named.split(",") if key.strip()]
        try:
            return cls(keys or [_kept(settings.state_folder / FILE)])
        except ValueError:
            msg = "MASTER_KEYS: expected keys of 32 bytes in URL-safe base64, separated by commas (`palier new-key`)"
            raise ValueError(msg) from None

    def seal(self, text: str) -> str:
        """The sealed form of a secret, to store."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """The secret again.

        Raises
        ------
        ValueError
            Sealed under a key that is not among the master keys, or altered.
        """
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            msg = (
                "a sealed secret cannot be opened: the master key that sealed it is missing from MASTER_KEYS"
            )
            raise ValueError(msg) from None

    def derived(self, purpose: str) -> list[bytes]:
        """A key of 32 bytes for one purpose from each master key: the first signs, any of them verifies."""
        return [hmac.digest(key.encode(), f"palier {purpose}".encode(), "sha256") for key in self._keys]


def new_master_key() -> str:
    """32 random bytes as the settings want them."""
    return Fernet.generate_key().decode()


def _kept(path: Path) -> str:
    """The key in a file, made if there is none; two processes that make it at once keep the same one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f".{path.name}.{os.getpid()}")
    if not path.exists():
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(new_master_key())
        try:
            os.link(made, path)
        except FileExistsError:
            pass
        finally:
            made.unlink()
    return path.read_text(encoding="ascii").strip()
