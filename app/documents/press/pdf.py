"""Runs as ``python -m app.documents.press.pdf``: one order in JSON a line on standard input, one answer a line back.

    {"print": page.html, "to": page.pdf, "id": hex}          →  {"pages": 3}
    {"join": [a.pdf, b.pdf], "over": n.pdf, "to": all.pdf}   →  {"pages": 16}

The environment must name our fonts (FONTCONFIG_FILE) before WeasyPrint is imported: without any it kills the process.
"""

from __future__ import annotations

import ctypes.util
import gc
import json
import os
import sys
from contextlib import ExitStack
from typing import Any


def main() -> None:
    """Answer orders until the input ends."""
    if not os.environ.get("FONTCONFIG_FILE"):
        sys.exit("FONTCONFIG_FILE must name the fonts of documents.")
    if sys.platform == "linux":
        # WeasyPrint tries the names that its libraries have on every system, and for each that is not one here a
        # compiler and a linker are asked: a third of a second for nothing, since the right names are among them.
        ctypes.util.find_library = _no_library
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer: dict[str, Any] = {"pages": _print(order) if "print" in order else _join(order)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _no_library(name: str) -> str | None:
    return None


def _print(order: dict[str, Any]) -> int:
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher

    # A page brings everything with it: no file and no address is ever read for it.
    nothing_outside = URLFetcher(allowed_protocols=["data"])
    # Layout makes no garbage cycles to speak of; collecting while it runs takes a third of its time.
    gc.disable()
    try:
        with open(order["print"], encoding="utf-8") as page:
            document = HTML(string=page.read(), base_url=None, url_fetcher=nothing_outside).render()
        document.write_pdf(order["to"], pdf_identifier=bytes.fromhex(order["id"]))
        return len(document.pages)
    finally:
        gc.enable()
        document = None
        gc.collect()


def _join(order: dict[str, Any]) -> int:
    import pikepdf

    with ExitStack() as stack:
        whole, *rest = [stack.enter_context(pikepdf.open(part)) for part in order["join"]]
        for part in rest:
            whole.pages.extend(part.pages)
        over = stack.enter_context(pikepdf.open(order["over"]))
        if len(over.pages) != len(whole.pages):
            raise ValueError("there is not one page number for each page")
        for index, (page, number) in enumerate(zip(whole.pages, over.pages, strict=True), start=1):
            # By hand, because add_overlay invents a random name, and equal input shall give equal bytes. The pages of a
            # part share their resources, so each number needs a name of its own.
            name = page.add_resource(
                whole.copy_foreign(number.as_form_xobject()),
                pikepdf.Name.XObject,
                pikepdf.Name(f"/PageNumber{index}"),
            )
            page.contents_add(b"q", prepend=True)
            page.contents_add(f"Q q {name} Do Q".encode("ascii"))
        whole.save(order["to"], deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        return len(whole.pages)


if __name__ == "__main__":
    main()
