"""Registers for tests of imports: text as an office's program saves it, and the workbooks of the example fund."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

import app.cli
from app.example.rules import WORKBOOKS
from app.settings import Settings

Run = Callable[..., tuple[int, str, str]]


def csv(*rows: Sequence[object]) -> bytes:
    """Rows as a .csv in UTF-8; a row may be one text, as a title is."""
    lines = [[row] if isinstance(row, str) else list(row) for row in rows]
    return "\n".join(",".join(f'"{cell}"' for cell in line) for line in lines).encode()


def example(name: str) -> bytes:
    """A workbook of the example fund."""
    return (WORKBOOKS / name).read_bytes()


@contextmanager
def commands(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Give `run(*arguments)`: exit status, standard output and standard error of `sunledger` on this installation."""
    monkeypatch.setenv("SUNLEDGER_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("SUNLEDGER_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("SUNLEDGER_ENV", settings.environment)
    app.cli.settings.cache_clear()

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        status = app.cli.run([str(one) for one in arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    try:
        yield run
    finally:
        app.cli.settings.cache_clear()
