"""Everything an operator may set, read once from the environment (or a `.env` file)."""

from functools import lru_cache
from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url


class Settings(BaseSettings):
    """Typed settings; every field is an environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    database_url: str = Field(
        default="sqlite+aiosqlite:///var/palier.db",
        description="SQLAlchemy URL: sqlite+aiosqlite:///path or postgresql+asyncpg://user@host/name",
    )
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    base_url: str | None = Field(default=None, description="public address, for links given to institutions")
    content_dir: Path = Field(
        default=Path(__file__).resolve().parent.parent / "item_bank" / "content",
        description="folder of the bank's text files",
    )
    pool_size: int = Field(default=8, ge=1, le=100, description="database connections per process")
    state_dir: Path | None = Field(
        default=None,
        description="folder of what is kept outside the database: erasure log, exports, master key; by default beside "
        "the embedded database, or `var`",
    )
    master_keys: SecretStr | None = Field(
        default=None,
        description="keys that seal secrets at rest, separated by commas, newest first (`palier new-key`); by default "
        "a file `master.key` beside the embedded database, or in `var`",
    )
    api_calls_per_minute: int = Field(
        default=1200, ge=1, description="calls of `/v1` per key, learners' answers apart"
    )
    grace_seconds: float = Field(default=5.0, ge=0, le=60, description="network grace after a deadline")
    max_body_bytes: int = Field(default=65_536, ge=1024)
    secure_cookies: bool = Field(default=False, description="mark cookies Secure (set behind HTTPS)")
    embedded_worker: bool | None = Field(
        default=None, description="run the worker inside the server; by default with SQLite only"
    )
    webhook_ports: frozenset[int] = Field(
        default=frozenset({443}), description="ports that webhooks may be sent to, as a JSON list"
    )
    webhook_loopback: bool = Field(
        default=False, description="admit webhooks to this machine over plain http (development only)"
    )
    webhook_timeout_seconds: float = Field(default=10.0, gt=0, le=60, description="limit of one webhook call")
    webhook_log_days: int = Field(
        default=90, ge=7, le=3650, description="how long the log of webhooks is kept, in days"
    )
    log_level: str = "INFO"
    publisher: str = Field(default="", description="who answers for this service, on the legal pages")
    contact: str = Field(default="", description="e-mail address for accessibility and privacy requests")

    @field_validator("database_url")
    @classmethod
    def known_driver(cls, value: str) -> str:
        """Refuse a driver the hot path has no store for."""
        if not value.startswith(("sqlite+aiosqlite://", "postgresql+asyncpg://")):
            msg = "expected sqlite+aiosqlite:///PATH or postgresql+asyncpg://USER@HOST/NAME"
            raise ValueError(msg)
        return value

    @property
    def state_folder(self) -> Path:
        """Where what belongs to this installation is kept beside the database."""
        if self.state_dir is not None:
            return self.state_dir
        database = make_url(self.database_url).database
        return Path(database).parent if self.is_sqlite and database else Path("var")

    @property
    def is_sqlite(self) -> bool:
        """Whether the embedded database is used."""
        return self.database_url.startswith("sqlite")

    @property
    def public_url(self) -> str:
        """The address put in links, without a trailing slash."""
        reachable = "localhost" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104
        return (self.base_url or f"http://{reachable}:{self.port}").rstrip("/")

    @property
    def runs_worker(self) -> bool:
        """Whether this server process also runs the worker's loop."""
        return self.is_sqlite if self.embedded_worker is None else self.embedded_worker


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The process's settings, read once."""
    return Settings()
