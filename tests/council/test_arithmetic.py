"""How a result came about, in words that a council member can check."""

from __future__ import annotations

import pytest
from flask import Flask

from app.council.layouts import arithmetic
from app.council.models import Matter
from app.council.rules import Signature, Tally, Terms

OFFICER, CHAIR = Signature("officer", "approve", "secretary"), Signature("officer", "approve", "chair")
REFUSAL = Signature("officer", "reject", "council")
OPINION, HOST = Signature("opinion", "reject", "supervisor"), Signature("host", "approve", "host")
BY_HOST = Signature("host_decision", "reject", "host")

COUNCIL = [
    (
        "approved",
        Tally(7, 5, 5, 0, 0, 1),
        [],
        "7 席，法定人数 5，到会 6（回避 1）：赞成 5，反对 0，弃权 0 → 通过",
    ),
    ("rejected", Tally(7, 5, 2, 3, 1), [], "7 席，法定人数 5，到会 6：赞成 2，反对 3，弃权 1 → 未通过"),
    ("open", Tally(7, 5, 1), [], "7 席，法定人数 5，到会 1：赞成 1，反对 0，弃权 0 → 表决中"),
    ("lapsed", Tally(7, 5, 4), [], "7 席，法定人数 5，到会 4：赞成 4，反对 0，弃权 0 → 到期未达法定人数"),
    (
        "rejected",
        Tally(5, 4, 0, 0, 0, 3),
        [BY_HOST],
        "5 席，法定人数 4，到会 3（回避 3）：赞成 0，反对 0，弃权 0，未回避的不足 3 席，由托管机构决定，"
        "托管机构决定：不同意 → 未通过",
    ),
]


@pytest.mark.parametrize(("status", "tally", "signatures", "words"), COUNCIL)
def test_council(app: Flask, status: str, tally: Tally, signatures: list[Signature], words: str) -> None:
    found = Matter(decided_by="council", status=status)
    with app.test_request_context("/?lang=zh_Hans"):
        assert arithmetic(found, tally, Terms(), signatures) == words


def test_running_poll_tells_the_public_only_how_many_took_part(app: Flask) -> None:
    found = Matter(decided_by="council", status="open")
    with app.test_request_context("/?lang=zh_Hans"):
        words = arithmetic(found, Tally(7, 5, 2, 1), Terms(), [], is_public=True)
    assert words == "7 席，法定人数 5，已有 3 席参加 → 表决中"


def test_special_resolution_says_how_many_votes_it_needs_and_what_is_still_to_be_signed(app: Flask) -> None:
    found = Matter(decided_by="council", status="endorsing", needs_opinion=True, needs_host=True)
    terms = Terms("special")
    with app.test_request_context("/?lang=zh_Hans"):
        waiting = arithmetic(found, Tally(7, 5, 5, 1), terms, [])
        found.status, found.decided_at = "approved", found.opened_at
        signed = arithmetic(found, Tally(7, 5, 5, 1), terms, [OPINION, HOST])
    assert waiting.endswith(
        "特别决议至少要 4 票赞成，监督员意见：待出具，托管机构会签：待签 → 表决通过，待会签"
    )
    assert signed.endswith("特别决议至少要 4 票赞成，监督员意见：不支持，托管机构会签：同意 → 通过")


OFFICERS = [
    ("open", True, [OFFICER], "须 2 名负责人签批，其中有理事长：同意 1，不同意 0 → 待签批"),
    ("approved", True, [OFFICER, CHAIR], "须 2 名负责人签批，其中有理事长：同意 2，不同意 0 → 通过"),
    ("rejected", False, [OFFICER, REFUSAL], "须 2 名负责人签批：同意 1，不同意 1 → 未通过"),
]


@pytest.mark.parametrize(("status", "chair_signs", "signatures", "words"), OFFICERS)
def test_officers(
    app: Flask, status: str, chair_signs: bool, signatures: list[Signature], words: str
) -> None:
    found = Matter(decided_by="officers", status=status, officers_needed=2, chair_signs=chair_signs)
    with app.test_request_context("/?lang=zh_Hans"):
        assert arithmetic(found, Tally(7, 5), Terms(), signatures) == words
