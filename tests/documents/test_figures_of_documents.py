"""Freezing figures, and getting the same ones back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from app.documents.rules import file_name, frozen, is_number, plain, restored, thawed


@dataclass(frozen=True)
class Inner:
    name: str
    on: date | None


@dataclass(frozen=True)
class Outer:
    amount_minor: int
    inner: Inner
    others: tuple[Inner, ...]
    note: str | None


FIGURES = Outer(5, Inner("甲", date(2023, 9, 1)), (Inner("乙", None), Inner("丙", date(2024, 2, 29))), None)


def test_frozen_figures_come_back_as_they_were() -> None:
    text, digest = frozen(plain(FIGURES))
    assert restored(Outer, thawed(text, digest)) == FIGURES


def test_frozen_form_depends_on_nothing_but_the_figures() -> None:
    assert frozen({"b": [1, "二"], "a": None}) == frozen({"a": None, "b": [1, "二"]})
    assert frozen({"b": [1, "二"], "a": None})[0] == '{"a":null,"b":[1,"二"]}'


def test_figures_are_whole_numbers() -> None:
    with pytest.raises(TypeError):
        frozen({"amount": 1.5})


def test_altered_figures_are_noticed() -> None:
    text, digest = frozen(plain(FIGURES))
    with pytest.raises(ValueError, match="do not match"):
        thawed(text.replace("5", "6", 1), digest)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01", True),
        ("2026-123", True),
        ("2026-1", False),
        ("../key", False),
        ("2026-01.pdf", False),
        ("", False),
    ],
)
def test_only_numbers_are_numbers(text: str, expected: bool) -> None:
    assert is_number(text) is expected


def test_file_says_number_version_and_language() -> None:
    assert file_name("2026-03", 2, "en") == "2026-03-v2-en.pdf"
