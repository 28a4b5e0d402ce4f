"""An installation that is set up wrongly says so before it starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.settings import Settings, SettingsError, load

STRONG = "0123456789abcdefghijklmnopqrstuvwxyz"


def _load(tmp_path: Path, **given: str) -> Settings:
    return load(
        {"SUNLEDGER_DATA_DIR": str(tmp_path), **{f"SUNLEDGER_{name}": value for name, value in given.items()}}
    )


def test_development_needs_nothing_and_keeps_its_keys(tmp_path: Path) -> None:
    first, second = _load(tmp_path), _load(tmp_path)
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) == 64
    assert first.data_key() == second.data_key()
    assert first.database_url == f"sqlite:///{tmp_path}/sunledger.sqlite3"
    for name in ("secret.key", "data.key"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_secrets_are_not_in_its_text(tmp_path: Path) -> None:
    settings = _load(tmp_path, SMTP_URL="smtp://user:geheim@host")
    assert settings.secret_key not in repr(settings)
    assert "geheim" not in repr(settings)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"ENV": "staging"}, "development or production"),
        ({"DEFAULT_LOCALE": "fr"}, "SUNLEDGER_DEFAULT_LOCALE"),
        ({"DATABASE_URL": "mysql://x"}, "SUNLEDGER_DATABASE_URL"),
        ({"ENV": "production"}, "SUNLEDGER_SECRET_KEY"),
        ({"ENV": "production", "SECRET_KEY": "a" * 64}, "SUNLEDGER_SECRET_KEY"),
        ({"ENV": "production", "SECRET_KEY": STRONG}, "SUNLEDGER_PUBLIC_URL"),
        ({"ENV": "production", "SECRET_KEY": STRONG, "PUBLIC_URL": "http://x.org"}, "https://"),
        ({"ENV": "production", "SECRET_KEY": STRONG, "PUBLIC_URL": "https://x.org"}, "data key"),
    ],
)
def test_wrong_settings_are_refused_with_a_sentence(
    tmp_path: Path, given: dict[str, str], words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        _load(tmp_path, **given)


def test_production_starts_with_all_of_them(tmp_path: Path) -> None:
    (tmp_path / "data.key").write_text("ab" * 32)
    settings = _load(
        tmp_path,
        ENV="production",
        SECRET_KEY=STRONG,
        PUBLIC_URL="https://fund.example.org/",
        LOG_ORIGIN="log.example.org",
    )
    assert settings.in_production
    assert settings.public_url == "https://fund.example.org"
    assert settings.data_key() == b"\xab" * 32
    assert not (tmp_path / "secret.key").exists()


@pytest.mark.parametrize("content", ["", "not hexadecimal", "ab" * 16])
def test_data_key_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "data.key").write_text(content)
    with pytest.raises(SettingsError, match="data key"):
        _load(tmp_path).data_key()


def test_postgresql_addresses_name_the_driver(tmp_path: Path) -> None:
    for given in ("postgres://u@h/d", "postgresql://u@h/d", "postgresql+psycopg://u@h/d"):
        assert _load(tmp_path, DATABASE_URL=given).database_url == "postgresql+psycopg://u@h/d"
