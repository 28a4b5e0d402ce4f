"""What the public reads of a party under each wish, and wishes that nobody can follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from app.parties.rules import (
    MASKS,
    ConsentDraft,
    masked,
    public_name,
    refuse_wrong_consent,
    waits_for_evidence,
)
from app.shared.errors import Refused

SIGNED = ConsentDraft("named", "当面", "签字的同意书")
ALIAS = replace(SIGNED, wish="alias", display_name="一米阳光的朋友")
MASKED = replace(SIGNED, wish="masked")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("王小明", "王**"),
        ("王明", "王**"),
        ("欧阳修", "欧阳**"),
        ("司马相如", "司马**"),
        ("欧阳", "欧**"),
        ("古丽·买买提", "古**"),
        ("阿卜杜拉·艾力·玉素甫", "阿**"),
        ("John Smith", "J**"),
        ("  李雷 ", "李**"),
        ("李", None),
        ("", None),
    ],
)
def test_of_a_masked_name_only_the_beginning_is_read(name: str, shown: str | None) -> None:
    assert masked(name) == shown


@pytest.mark.parametrize("kind", ["person", "sole_trader"])
def test_nothing_is_shown_of_a_natural_person_without_evidence(kind: str) -> None:
    for consent in (SIGNED, ALIAS, MASKED):
        claim = replace(consent, evidence="  ")
        assert public_name(kind, "王小明", claim) == MASKS[kind]
        assert waits_for_evidence(kind, claim)
        assert not waits_for_evidence(kind, consent)
    assert public_name(kind, "王小明", SIGNED) == "王小明"
    assert public_name(kind, "王小明", ALIAS) == "一米阳光的朋友"
    assert public_name(kind, "王小明", MASKED) == "王**"
    assert public_name(kind, "王小明", replace(SIGNED, wish="not_named")) == MASKS[kind]
    assert public_name(kind, "王小明", None) == MASKS[kind]
    assert public_name(kind, "王", MASKED) == MASKS[kind]


def test_organisation_speaks_without_evidence_and_is_never_masked() -> None:
    word = ConsentDraft("named", "登记表")
    assert public_name("organisation", "新疆三为", word) == "新疆三为"
    assert public_name("organisation", "新疆三为", replace(ALIAS, evidence="")) == "一米阳光的朋友"
    assert public_name("organisation", "新疆三为", MASKED) == "爱心单位"
    with pytest.raises(Refused) as refused:
        refuse_wrong_consent("organisation", "新疆三为", MASKED)
    assert refused.value.field == "wish"


def test_child_is_shown_only_on_the_word_of_a_guardian() -> None:
    for consent in (SIGNED, ALIAS, MASKED):
        child = replace(consent, is_minor=True)
        assert public_name("person", "王小明", child) == "爱心居民"
        assert public_name("person", "王小明", replace(child, guardian="父亲王大明")) != "爱心居民"


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (replace(SIGNED, wish="shouted"), "wish"),
        (replace(SIGNED, how=" "), "how"),
        (replace(SIGNED, given_on=date(2999, 1, 1)), "given_on"),
        (replace(ALIAS, display_name=" "), "display_name"),
        (replace(ALIAS, display_name="称" * 41), "display_name"),
        (replace(ALIAS, display_name="两\n行"), "display_name"),
        (replace(ALIAS, display_name="——"), "display_name"),
        (replace(ALIAS, display_name="克拉玛依市红十字会"), "display_name"),
        (replace(ALIAS, display_name="新疆三为工程有限公司"), "display_name"),
        (replace(SIGNED, is_minor=True), "guardian"),
        (replace(SIGNED, is_minor=True, guardian="父亲王大明", evidence=""), "evidence"),
        (replace(SIGNED, is_minor=True, guardian="父" * 201), "guardian"),
    ],
)
def test_wish_that_nobody_can_follow_is_refused_beside_its_field(draft: ConsentDraft, field: str) -> None:
    with pytest.raises(Refused) as refused:
        refuse_wrong_consent("person", "王小明", draft)
    assert refused.value.field == field


def test_taking_back_needs_neither_evidence_nor_a_guardian() -> None:
    refuse_wrong_consent("person", "王小明", ConsentDraft("not_named", "电话", is_minor=True))
