"""Inside every domain package the same names of files, read in one direction."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APP = ROOT / "app"
# Vocabulary of a domain package, in the order in which one file may import another of its own package.
ORDER = (
    "accounts",
    "states",
    "models",
    "rules",
    "registry",
    "queries",
    "layouts",
    "pdf",
    "operations",
    "checks",
    "importing",
    "exporting",
    "forms",
    "routes",
)
# Not domains: their files have names of their own.
FREE = {"shared", "sheets", "web", "cli", "translations"}


def domain_files() -> list[Path]:
    return [
        path
        for path in sorted(APP.rglob("*.py"))
        if path.parent != APP and path.relative_to(APP).parts[0] not in FREE and path.name != "__init__.py"
    ]


@pytest.mark.parametrize("path", domain_files(), ids=lambda path: str(path.relative_to(APP)))
def test_file_has_a_known_name_and_imports_only_what_comes_before_it(path: Path) -> None:
    assert path.stem in ORDER, f"{path.relative_to(ROOT)}: not a name of the vocabulary ({', '.join(ORDER)})"
    package = ".".join(path.relative_to(ROOT).parent.parts)
    imported = {
        node.module.removeprefix(f"{package}.")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(f"{package}.")
    } | {
        alias.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == package
        for alias in node.names
    }
    own = {name for name in imported if name in ORDER and (path.parent / f"{name}.py").exists()}
    late = sorted(name for name in own if ORDER.index(name) >= ORDER.index(path.stem))
    assert not late, f"{path.relative_to(ROOT)} imports {', '.join(late)}, which come after it"
