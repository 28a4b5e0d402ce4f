"""Settings: read from the environment once, checked at start, never changed afterwards."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: templates/, static/ and migrations/ lie here."""

LOCALES = ("zh_Hans", "zh_Hant", "en")
DATA_KEY_BYTES = 32
_MIN_SECRET = 32


class SettingsError(Exception):
    """The installation cannot start as it is set up; the text says what to change."""


class NotReady(SettingsError):
    """The database cannot serve this code; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that differs between installations (interfaces: "Environment")."""

    environment: str
    data_dir: Path
    database_url: str
    secret_key: str = field(repr=False)
    data_key_file: Path
    log_key_file: Path
    log_origin: str | None
    public_url: str | None = None
    replica_url: str | None = field(default=None, repr=False)
    default_locale: str = "zh_Hans"
    smtp_url: str | None = field(default=None, repr=False)

    @property
    def in_production(self) -> bool:
        """Whether the strict rules of a public installation apply."""
        return self.environment == "production"

    @property
    def files_dir(self) -> Path:
        """Where attachments lie under their SHA-256."""
        return self.data_dir / "files"

    def data_key(self) -> bytes:
        """The key that encrypts contacts, identity and bank numbers at rest: 32 bytes from its file, or SettingsError."""
        try:
            key = bytes.fromhex(self.data_key_file.read_text(encoding="ascii").strip())
        except (OSError, ValueError) as error:
            raise SettingsError(f"The data key cannot be read from {self.data_key_file}.") from error
        if len(key) != DATA_KEY_BYTES:
            raise SettingsError(
                f"The data key in {self.data_key_file} must be {DATA_KEY_BYTES} bytes in hexadecimal."
            )
        return key


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. In development a file `.env` at the root fills what the environment leaves open, and missing
    keys are made in the data folder. Raises SettingsError with a sentence for whoever runs the installation."""
    given = dict(os.environ if environ is None else environ)
    environment = given.get("SUNLEDGER_ENV", "development")
    if environment == "development" and environ is None:
        from_file = {key: value for key, value in dotenv_values(ROOT / ".env").items() if value is not None}
        given = {**from_file, **given}
        environment = given.get("SUNLEDGER_ENV", "development")
    if environment not in ("development", "production"):
        raise SettingsError(f"SUNLEDGER_ENV is development or production, not “{environment}”.")

    def value(name: str, default: str = "") -> str:
        return given.get(f"SUNLEDGER_{name}", "").strip() or default

    data_dir = Path(value("DATA_DIR", str(ROOT / "var"))).resolve()
    default_locale = value("DEFAULT_LOCALE", LOCALES[0])
    if default_locale not in LOCALES:
        raise SettingsError(f"SUNLEDGER_DEFAULT_LOCALE is one of {', '.join(LOCALES)}.")
    public_url = value("PUBLIC_URL").rstrip("/") or None
    secret_key = value("SECRET_KEY")
    data_key_file = Path(value("DATA_KEY_FILE", str(data_dir / "data.key")))
    if environment == "production":
        _check_production(secret_key, public_url, data_key_file)
    else:
        secret_key = secret_key or _kept_secret(data_dir / "secret.key")
        _kept_secret(data_key_file)
    return Settings(
        environment=environment,
        data_dir=data_dir,
        database_url=_database_url(value("DATABASE_URL"), data_dir),
        secret_key=secret_key,
        data_key_file=data_key_file,
        log_key_file=Path(value("LOG_KEY_FILE", str(data_dir / "log.key"))),
        # Left out, the log's name is random: never an address, which may change.
        log_origin=value("LOG_ORIGIN") or None,
        public_url=public_url,
        replica_url=value("REPLICA_URL") or None,
        default_locale=default_locale,
        smtp_url=_smtp_url(value("SMTP_URL")),
    )


def _check_production(secret_key: str, public_url: str | None, data_key_file: Path) -> None:
    if len(secret_key) < _MIN_SECRET or len(set(secret_key)) < 10:
        raise SettingsError(
            f"In production SUNLEDGER_SECRET_KEY must be set to at least {_MIN_SECRET} random characters, "
            "for example the output of `openssl rand -hex 32`."
        )
    if public_url is None or urlsplit(public_url).scheme != "https" or not urlsplit(public_url).hostname:
        raise SettingsError(
            "In production SUNLEDGER_PUBLIC_URL must be the https:// address of the site: "
            "sign-in cookies are sent over https only."
        )
    if not data_key_file.is_file():
        raise SettingsError(
            f"In production the data key must exist before the first start: write 64 random hexadecimal digits "
            f"(`openssl rand -hex 32`) to {data_key_file} and keep a copy elsewhere, or name it in SUNLEDGER_DATA_KEY_FILE."
        )


def _database_url(given: str, data_dir: Path) -> str:
    if not given:
        return f"sqlite:///{data_dir / 'sunledger.sqlite3'}"
    for plain in ("postgres://", "postgresql://"):
        if given.startswith(plain):
            return "postgresql+psycopg://" + given.removeprefix(plain)
    if given.startswith(("postgresql+psycopg://", "sqlite:///")):
        return given
    raise SettingsError("SUNLEDGER_DATABASE_URL starts with postgresql:// or sqlite:///.")


def _smtp_url(given: str) -> str | None:
    if not given:
        return None
    try:
        parts = urlsplit(given)
        good = parts.scheme in ("smtp", "smtps") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise SettingsError("SUNLEDGER_SMTP_URL is smtp://user:password@host:587 or smtps://….")
    return given


def _kept_secret(path: Path) -> str:
    """A random secret of 64 hexadecimal digits, made once and readable by its owner only."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text(encoding="ascii").strip()
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(DATA_KEY_BYTES) + "\n")
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise SettingsError(f"The data folder {path.parent} cannot be written: {error.strerror}.") from error
