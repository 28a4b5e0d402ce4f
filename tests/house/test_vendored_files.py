"""Files of other makers are what they say they are."""

import base64
import hashlib
import json
import re
from pathlib import Path

from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "static" / "vendor"
FONTS = ROOT / "static" / "fonts"


def test_vendored_files_have_the_recorded_hash() -> None:
    packages = json.loads((VENDOR / "vendor.json").read_text())
    files = [file for package in packages for file in package["files"]]
    assert files
    for file in files:
        digest = base64.b64encode(hashlib.sha384((VENDOR / file["path"]).read_bytes()).digest()).decode()
        assert file["integrity"] == f"sha384-{digest}", file["path"]


def test_nothing_is_vendored_without_a_record_and_a_licence() -> None:
    packages = json.loads((VENDOR / "vendor.json").read_text())
    recorded = {file["path"] for package in packages for file in package["files"]} | {"vendor.json"}
    for package in packages:
        licence = f"{package['name']}@{package['version']}/LICENSE"
        assert (VENDOR / licence).exists()
        recorded.add(licence)
    assert {str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*") if path.is_file()} == recorded


def test_fonts_have_the_recorded_hash_and_a_licence() -> None:
    fonts = json.loads((FONTS / "fonts.json").read_text())
    assert {font["path"] for font in fonts} == {f"pdf/{path.name}" for path in FONTS.glob("pdf/*.ttf")}
    for font in fonts:
        assert hashlib.sha256((FONTS / font["path"]).read_bytes()).hexdigest() == font["sha256"], font["path"]
        assert "Open Font License" in (FONTS / font["licence_file"]).read_text()


def test_no_two_fonts_share_family_weight_and_style() -> None:
    # With two such files WeasyPrint prints wrong digits, and the text that can be copied still reads right.
    seen = []
    for path in FONTS.rglob("*"):
        if path.suffix.lower() in {".ttf", ".otf", ".ttc", ".woff", ".woff2"}:
            with TTFont(path, lazy=True) as font:
                italic = bool(font["head"].macStyle & 2)
                seen.append((font["name"].getDebugName(1), font["OS/2"].usWeightClass, italic))
    assert sorted(seen) == [
        ("Noto Sans SC", 400, False),
        ("Noto Sans SC", 700, False),
        ("Noto Serif SC", 700, False),
    ]


def locked(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text()
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", text, re.MULTILINE))


def asked_for(name: str) -> set[str]:
    lines = (ROOT / name).read_text().splitlines()
    return {re.split(r"[\s\[<>=!~;]", line)[0].lower() for line in lines if line and line[0].isalpha()}


def test_locks_hold_every_direct_dependency_with_hashes_and_no_address() -> None:
    for name, needed in (
        ("requirements.txt", asked_for("requirements.in")),
        ("requirements-dev.txt", asked_for("requirements.in") | asked_for("requirements-dev.in")),
    ):
        text = (ROOT / name).read_text()
        assert needed <= locked(name).keys()
        assert not re.search(r"://|^-|^/", text, re.MULTILINE)
        assert all("--hash=sha256:" in entry for entry in re.split(r"\n(?=\S)", text.strip()))


def test_tests_run_with_the_versions_that_are_served() -> None:
    assert locked("requirements.txt").items() <= locked("requirements-dev.txt").items()


def test_every_direct_dependency_is_explained() -> None:
    explained = (ROOT / "docs" / "dependencies.md").read_text()
    wanted = asked_for("requirements.in") | asked_for("requirements-dev.in")
    unexplained = [name for name in wanted if name not in explained and not name.startswith("types-")]
    assert unexplained == []
