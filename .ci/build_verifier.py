#!/usr/bin/env python3
"""Build static/verify/verify.html, the verifier in one file, from the modules that /verify runs; write the hashes.

.ci/build_verifier.py           build and write
.ci/build_verifier.py --check   exit 1 when what lies there is not what the sources give
"""

import base64
import hashlib
import json
import re
import sys
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from app.ledger.accounts import ENTRY_KINDS  # noqa: E402
from app.shared.clock import DEFAULT_ZONE  # noqa: E402

STATIC = ROOT / "static"
FOLDER = STATIC / "verify"
IMPORT = re.compile(
    r"""^import\s+(?:\{(?P<names>[^}]*)\}|\*\s+as\s+(?P<all>\w+))\s+from\s+["'](?P<path>\.{1,2}/[^"']+)["'];?$""",
    re.MULTILINE,
)
LATER = re.compile(r"""\bimport\(\s*["'](\.{1,2}/[^"']+)["']\s*\)""")
DECLARED = re.compile(r"^export\s+((?:async\s+)?function\*?|class|const|let)\s+(\w+)", re.MULTILINE)
LISTED = re.compile(r"^export\s+\{([^}]*)\};?$", re.MULTILINE)
STYLE = (ROOT / ".ci" / "verifier.css").read_text(encoding="utf-8")


def place(path: Path) -> str:
    """How the bundle calls a module."""
    return path.relative_to(STATIC).as_posix()


def modules(path: Path, seen: dict[Path, str]) -> dict[Path, str]:
    """Every module that `path` needs, those needed first."""
    source = path.read_text(encoding="utf-8")
    for each in [found["path"] for found in IMPORT.finditer(source)] + LATER.findall(source):
        needed = (path.parent / each).resolve()
        if needed not in seen:
            modules(needed, seen)
    seen[path] = source
    return seen


def wrapped(path: Path, source: str) -> str:
    """A module as a function that returns its exports."""

    def name(target: str) -> str:
        return f'modules["{place((path.parent / target).resolve())}"]'

    def taken(found: re.Match[str]) -> str:
        if found["all"]:
            return f"const {found['all']} = {name(found['path'])};"
        names = ", ".join(
            each.strip().replace(" as ", ": ") for each in found["names"].split(",") if each.strip()
        )
        return f"const {{ {names} }} = {name(found['path'])};"

    exports = {found[2]: found[2] for found in DECLARED.finditer(source)}
    for listed in LISTED.findall(source):
        for each in filter(None, (part.strip() for part in listed.split(","))):
            own, _, given = each.partition(" as ")
            exports[given or own] = own
    text = LISTED.sub("", DECLARED.sub(r"\1 \2", IMPORT.sub(taken, source)))
    text = LATER.sub(lambda found: f"Promise.resolve({name(found[1])})", text)
    text = re.sub(r"^//# sourceMappingURL.*$", "", text, flags=re.MULTILINE)
    given = ", ".join(f"{outer}: {inner}" if outer != inner else outer for outer, inner in exports.items())
    return f'modules["{place(path)}"] = (() => {{\n{text}\nreturn {{ {given} }};\n}})();\n'


def sha256_of(text: str) -> str:
    """A source expression of a content security policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def build() -> str:
    """The whole file."""
    parts = [wrapped(path, source) for path, source in modules(STATIC / "js" / "verify.js", {}).items()]
    script = '"use strict";\nconst modules = {};\n' + "".join(parts)
    if "</script" in script or re.search(r"^(import|export)\s+[\w{*]+.*from\s+[\"']\.", script, re.MULTILINE):
        sys.exit("A module cannot be put into one file.")
    templates = Environment(
        loader=FileSystemLoader([ROOT / "templates", ROOT / ".ci"]),
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
    )
    templates.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    words = templates.get_template("verify/_words.html").render(kinds=list(ENTRY_KINDS.items()))
    page = (ROOT / ".ci" / "verifier.html").read_text(encoding="utf-8")
    for name, text in {
        "script_hash": sha256_of(script),
        "style_hash": sha256_of(STYLE),
        "style": STYLE,
        "zone": DEFAULT_ZONE,
        "words": words,
        "script": script,
    }.items():
        page = page.replace("{{ " + name + " }}", text)
    return page


def main() -> None:
    """Write, or compare."""
    content = {"verify.html": build().encode()}
    content["verify_sunledger.py"] = (FOLDER / "verify_sunledger.py").read_bytes()
    hashes = {name: hashlib.sha256(each).hexdigest() for name, each in sorted(content.items())}
    content["hashes.json"] = (json.dumps(hashes, indent=2) + "\n").encode()
    if "--check" not in sys.argv[1:]:
        for name, each in content.items():
            if name != "verify_sunledger.py":
                (FOLDER / name).write_bytes(each)
        return
    stale = [
        name
        for name, each in content.items()
        if not (FOLDER / name).is_file() or (FOLDER / name).read_bytes() != each
    ]
    if stale:
        sys.exit(f"Out of date in static/verify: {', '.join(stale)}. Run .ci/build_verifier.py.")


if __name__ == "__main__":
    main()
