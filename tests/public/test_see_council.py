"""What a stranger reads of the council: its rules, its seats, every decision, and names only by rule and consent."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from app.council.consents.operations import give_word
from app.council.rulebook.rules import DEFAULT, PROPOSED, hash_of
from app.public.decisions import queries as decision_queries
from app.shared.db import transaction
from tests.council import proposals
from tests.disbursements import scenes
from tests.factories import CAST, FUND_SLUG, actor
from tests.public.conftest import Town
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
NAMES = [each.name for each in CAST if each.seat]


def _word(session: Session, member: str, *, is_given: bool) -> None:
    with transaction(session, books=True):
        give_word(session, actor(session, member), scenes.fund_id(session), is_given=is_given)


def _number(session: Session, motion_id: int) -> str:
    return proposals.motion(session, motion_id).number or ""


def test_council_shows_rules_and_seats_but_no_name(visit: Visit) -> None:
    page = visit().get("/council")
    assert page.status == 200
    for words in ("不超过 100,000.00 元", "理事一 理事长", "理事五", "现有 5 席", "系统自带的规则"):
        assert words in page.words
    assert not [name for name in NAMES if name in page.html]
    home = visit().get("/").html
    assert 'href="/council"' in home
    assert 'href="/decisions"' in home


def test_versions_of_the_rules_are_open_with_their_difference_and_file(
    visit: Visit, session: Session
) -> None:
    found = proposals.adopt(session, PROPOSED)
    stranger = visit()
    assert "按建议稿设定议事规则" in stranger.get("/decisions").words
    page = stranger.get(f"/council/{FUND_SLUG}/rules/1")
    assert "提交人以外 1 名负责人签批" in page.words
    assert hash_of(PROPOSED) in page.words
    assert f"/motions/{_number(session, found)}" in page.links()
    file = json.loads(stranger.get(f"/council/{FUND_SLUG}/rules/1.json").content)
    assert (file["number"], file["sha256"]) == (1, hash_of(PROPOSED))
    assert stranger.get(f"/council/{FUND_SLUG}/rules/0").status == 200
    for path in (f"/council/{FUND_SLUG}/rules/2", "/council/nowhere/rules/0", "/council?fund=nowhere"):
        assert stranger.get(path).status == 404


def test_motion_is_public_once_submitted_and_never_before(visit: Visit, session: Session) -> None:
    found = proposals.drafted(session, title="还没有提交的提案")
    stranger = visit()
    assert stranger.get("/motions/2023-01").status == 404
    proposals.submit(session, found)
    number = _number(session, found)
    page = stranger.get(f"/motions/{number}")
    assert proposals.TEXT in page.words
    assert "理事会正在表决" in page.words
    with transaction(session, books=True):
        proposals.operations.return_motion(session, actor(session, "chair"), found, "写明期限")
    with transaction(session, books=True):
        proposals.operations.edit_motion(
            session,
            actor(session, "secretary"),
            found,
            proposals.MotionDraft(0, "other", "改了一半的标题", "改了一半的内容。"),
        )
    page = stranger.get(f"/motions/{number}")
    assert "改了一半" not in page.html  # what is being rewritten is nobody's business yet
    assert "已退回修改，等待再次提交" in page.words
    assert "退回修改，表决作废" in page.words


def test_motion_shows_arithmetic_rules_and_recusals_by_kind(visit: Visit, session: Session) -> None:
    found = proposals.submit(session, proposals.rules_drafted(session))
    choices = dict(
        zip(proposals.MEMBERS, ("recuse", "approve", "approve", "approve", "approve"), strict=True)
    )
    assert proposals.vote(session, found, choices) == "approved"
    page = visit().get(f"/motions/{_number(session, found)}")
    assert "5 席，法定人数 4，到会" in page.words
    assert "→ 通过" in page.words
    assert "本人申报的利害关系：1 人" in page.words
    assert "亲属的单位" not in page.html
    assert "改了什么（对照系统自带的规则）" in page.words
    assert f"/council/{FUND_SLUG}/rules/0" in page.links()


def test_name_needs_the_rule_and_the_consent_and_goes_at_once(visit: Visit, session: Session) -> None:
    stranger = visit()
    _word(session, "chair", is_given=True)
    before = proposals.adopt(session, proposals.NAMED)  # decided under rules that publish no names
    scenes.give(session, 5_000_000)
    request = scenes.in_notice(session, 150_000)
    motion = proposals.submit(session, proposals.drafted(session))
    proposals.approve(session, motion)
    old = f"/motions/{_number(session, before)}"
    pages = ["/council", f"/motions/{_number(session, motion)}"]
    dossier = f"/disbursements/{scenes.operations.queries.disbursement(session, request).number}"
    assert "理事长戊" not in stranger.get(old).html
    for path in pages:
        seen = stranger.get(path)
        assert "理事长戊" in seen.words, path
        assert not [name for name in NAMES[1:] if name in seen.html], path
    _word(session, "council", is_given=True)
    assert "理事二（理事己） 赞成" in stranger.get(dossier).words
    for member in ("chair", "council"):
        _word(session, member, is_given=False)
    for path in [*pages, dossier, old, "/decisions", "/decisions.json"]:
        assert not [name for name in NAMES if name in stranger.get(path).content.decode()], path
    # Rules that publish no names any more hide those who agreed, of what is submitted from then on.
    _word(session, "council", is_given=True)
    proposals.adopt(session, replace(DEFAULT, poll_days=10))
    later = proposals.submit(session, proposals.drafted(session))
    proposals.approve(session, later)
    assert "理事己" in stranger.get(pages[1]).words
    for path in ("/council", f"/motions/{_number(session, later)}"):
        assert "理事己" not in stranger.get(path).html


def test_decisions_are_filtered_and_the_empty_list_says_what_will_be_here(
    visit: Visit, session: Session
) -> None:
    stranger = visit()
    assert "还没有决议" in stranger.get("/decisions").words
    passed = proposals.adopt(session, PROPOSED)
    refused = proposals.submit(session, proposals.drafted(session, title="换一家银行"))
    proposals.vote(session, refused, dict.fromkeys(proposals.MEMBERS, "reject"))
    year = proposals.motion(session, passed).submitted_at
    assert year is not None
    assert {"按建议稿设定议事规则", "换一家银行"} <= set(_titles(stranger.get("/decisions")))
    for query, titles in (
        ("topic=rules", ["按建议稿设定议事规则"]),
        ("result=rejected", ["换一家银行"]),
        (f"year={year.year}&topic=other", ["换一家银行"]),
        (f"year={year.year - 1}", []),
    ):
        assert _titles(stranger.get(f"/decisions?{query}")) == titles, query
    assert "没有符合条件的决议" in stranger.get("/decisions?year=1999").words
    for query in ("year=abc", "topic=x", "result=open", "after=x", "fund=x", "year=２０２３"):
        assert stranger.get(f"/decisions?{query}").status == 422, query
        assert stranger.get(f"/decisions.json?{query}").status == 422, query
    assert stranger.get("/decisions?after=99999").status == 404


def _titles(seen: object) -> list[str]:
    tree = seen.tree  # type: ignore[attr-defined]
    return [str(each.text_content()) for each in tree.xpath("//div[@id='decision-rows']//td//a")]


def test_decisions_turn_pages_without_losing_or_repeating_any(
    visit: Visit, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        found = proposals.submit(session, proposals.drafted(session, title=f"提案{number}"))
        proposals.approve(session, found)
    stranger = visit()
    seen, after = [], ""
    while True:
        body = json.loads(stranger.get(f"/decisions.json?limit=2{after}").content)
        seen += [each["title"] for each in body["decisions"]]
        if body["next_after"] is None:
            break
        after = f"&after={body['next_after']}"
    assert seen == [f"提案{number}" for number in reversed(range(5))]
    one = json.loads(stranger.get("/decisions.json?limit=1").content)["decisions"][0]
    assert one["counts"]["approve"] == 4
    assert one["resolution"]
    assert decision_queries.decisions(session, decision_queries.Asked(), None, 2).next_after is not None


def test_decisions_from_before_this_system_are_told_by_their_minutes(town: Town) -> None:
    page = town.get("/decisions")
    assert "辖区孤寡老人冬季慰问" in page.words
    assert "7 席，法定人数 5，到会 6（回避 1）：赞成 5，反对 0，弃权 0 → 通过" in page.words
    assert "本系统启用前的决议" in page.words
    assert "6,000.00" in page.words
    assert town.get("/decisions?year=2023").status == 200


def test_site_without_a_fund_says_so(empty_town: Town) -> None:
    assert "还没有基金" in empty_town.get("/council").words
    assert "还没有决议" in empty_town.get("/decisions").words
