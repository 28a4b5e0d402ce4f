"""From HTML to a PDF file, by presses: processes of their own that see our fonts and nothing else.

A long document is given in parts, each laid out alone and at once on every press there is, so memory stays that of one
part. Page numbers are laid over the joined pages, because a part cannot know how many pages the others have.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.documents.models import IssuedDocument
from app.documents.rules import file_name
from app.settings import ROOT, SettingsError
from app.shared.errors import N_, SunledgerError
from app.web.jinja import qr

FONTS = ROOT / "static" / "fonts"
PRESSES = 2
SECONDS_FOR_A_PART = 180


class NotPrinted(SunledgerError):
    """The document could not be made now; its figures are safe."""

    status = 503

    def __init__(self, cause: str) -> None:
        super().__init__(N_("这份 PDF 暂时做不出来，数字不受影响，请稍后再试"))
        self.cause = cause

    def __str__(self) -> str:
        return f"{self.sentence} ({self.cause})"


def require_fonts() -> None:
    """Raise SettingsError when a font of printed documents is missing, is not the recorded one, or has a double.

    Two files of one family, weight and style make WeasyPrint print wrong characters without any error.
    """
    recorded = json.loads((FONTS / "fonts.json").read_text(encoding="utf-8"))
    present = {path.relative_to(FONTS).as_posix() for path in (FONTS / "pdf").glob("*.[to]t[fc]")}
    named = {font["path"] for font in recorded}
    if present != named:
        wrong = ", ".join(sorted(present ^ named))
        raise SettingsError(f"The fonts of printed documents are not those of fonts.json ({wrong}).")
    faces = [(font["family"], font["weight"], font["style"]) for font in recorded]
    if len(set(faces)) != len(faces):
        raise SettingsError("Two fonts of printed documents have the same family, weight and style.")


@dataclass(frozen=True, slots=True)
class Printed:
    """A finished file."""

    path: Path
    pages: int


def kept_file(document: IssuedDocument, locale: str, data_dir: Path, make: Callable[[Path], object]) -> Path:
    """The PDF of an issued document in a language; ``make(target)`` prints it if it never was. Raises NotPrinted."""
    folder = data_dir / "documents"
    target = folder / file_name(document.number, document.version, locale)
    if target.exists():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    # Two readers at once print it once.
    with _alone(target.with_suffix(".lock")):
        if not target.exists():
            make(target)
    return target


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def proof_of(document: IssuedDocument, public_url: str | None) -> dict[str, Any]:
    """What ``pdf/_proof.html`` and the head of a printed document say of how it can be checked."""
    address = f"{public_url}/statements/{document.number}" if public_url else None
    return {
        "correction_note": document.correction_note,
        "issued_at": document.issued_at,
        "log_position": document.log_position,
        "sha256": document.figures_sha256,
        "address": address,
        "qr": qr(address, border=0) if address else "",
    }


def print_document(parts: Iterable[str], numbers: str, target: Path, cache_dir: Path, at: int) -> Printed:
    """Print the HTML ``parts`` as one PDF into ``target``, which appears whole or not at all.

    ``numbers`` is HTML of one page, on which the page counter stands; it is only used when there are several parts, and
    a single part numbers its own pages. ``at`` is the document's time in Unix seconds: equal input gives equal bytes.
    Raises NotPrinted.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".printing-") as folder:
        made = _print_parts(parts, numbers, Path(folder), cache_dir, at)
        made.path.replace(target)
    return Printed(target, made.pages)


def _print_parts(parts: Iterable[str], numbers: str, folder: Path, cache_dir: Path, at: int) -> Printed:
    with _presses(cache_dir, at) as presses, ThreadPoolExecutor(PRESSES) as threads:
        jobs: list[Future[Printed]] = []
        for index, html in enumerate(parts):
            page = folder / f"{index:06d}.html"
            page.write_text(html, encoding="utf-8")
            jobs.append(threads.submit(presses.print, page))
        try:
            made = [job.result() for job in jobs]
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise
        if len(made) == 1:
            return made[0]
        total = sum(part.pages for part in made)
        over = folder / "numbers.html"
        over.write_text(numbered_pages(numbers, total), encoding="utf-8")
        return presses.join([part.path for part in made], presses.print(over).path, folder / "whole.pdf")


PAGE_MARK = "<!--pages-->"


def numbered_pages(html: str, total: int) -> str:
    """``total`` empty pages in place of the mark in ``html``, for their margins alone."""
    return html.replace(PAGE_MARK, '<div class="sheet"></div>' * total)


class _Press:
    """One running press."""

    def __init__(self, environment: dict[str, str]) -> None:
        # A file, not a pipe: warnings must never fill a pipe that nobody reads.
        self._words = tempfile.TemporaryFile(mode="w+", encoding="utf-8")  # noqa: SIM115 - closed in close()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app.documents.press.pdf"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            text=True,
            encoding="utf-8",
        )

    def order(self, order: Mapping[str, object]) -> int:
        """Have it done; the number of pages. Raises NotPrinted when the press dies, fails or takes too long."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        alarm = threading.Timer(SECONDS_FOR_A_PART, self._process.kill)
        alarm.start()
        try:
            stdin.write(json.dumps(order) + "\n")
            stdin.flush()
            line = stdout.readline()
        except OSError as error:
            raise NotPrinted(self._last_words() or str(error)) from error
        finally:
            alarm.cancel()
        if not line:
            raise NotPrinted(self._last_words() or f"the press ended with {self._process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise NotPrinted(answer["error"])
        return int(answer["pages"])

    def _last_words(self) -> str:
        self._process.kill()
        self._process.wait()
        self._words.seek(0)
        return self._words.read().strip()[-2000:]

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()
        self._words.close()


class _Presses:
    """As many presses as are asked for, started when they are needed."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self._idle: queue.SimpleQueue[_Press] = queue.SimpleQueue()
        self._all: list[_Press] = []
        self._lock = threading.Lock()

    def print(self, page: Path) -> Printed:
        """Lay out one HTML file."""
        target = page.with_suffix(".pdf")
        digest = hashlib.sha256(page.read_bytes()).hexdigest()[:32]
        return Printed(target, self._order({"print": str(page), "to": str(target), "id": digest}))

    def join(self, parts: list[Path], over: Path, target: Path) -> Printed:
        """One file of all parts, with ``over`` laid over them page by page."""
        order = {"join": [str(part) for part in parts], "over": str(over), "to": str(target)}
        return Printed(target, self._order(order))

    def _order(self, order: Mapping[str, object]) -> int:
        press = self._take()
        try:
            return press.order(order)
        finally:
            self._idle.put(press)

    def _take(self) -> _Press:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            press = _Press(self._environment)
            with self._lock:
                self._all.append(press)
            return press

    def close(self) -> None:
        """End them all."""
        for press in self._all:
            press.close()


@contextmanager
def _presses(cache_dir: Path, at: int) -> Iterator[_Presses]:
    kept = ("PATH", "LD_LIBRARY_PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment |= {
        "FONTCONFIG_FILE": str(FONTS / "fonts.conf"),
        "XDG_CACHE_HOME": str(cache_dir),
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "SOURCE_DATE_EPOCH": str(at),
    }
    presses = _Presses(environment)
    try:
        yield presses
    finally:
        presses.close()
