"""The rules in the office: read as sentences, proposed in a form without JavaScript, exported and read in again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy.orm import Session

from app.council.motions import queries
from app.council.rulebook.exporting import read_rules_file
from app.council.rulebook.rules import DEFAULT, PROPOSED, read_data
from tests.council import proposals
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
PLACE = "/office/council/rules"
WHY = {"text": "小额的由负责人签批，免得每一袋米都等七天。"}


def _motion_id(location: str) -> int:
    return int(location.rpartition("/")[2])


def _proposed(session: Session, motion_id: int) -> object:
    return read_data(queries.details_of(proposals.motion(session, motion_id))["rulebook"])


def test_new_funds_rules_read_as_sentences(visit: Visit) -> None:
    page = visit("council").get(f"{PLACE}/")
    assert page.status == 200
    for words in (
        "系统自带的规则",
        "不超过 100,000.00 元",
        "理事会普通决议：到会且不回避的理事过半数赞成",
        "超过 100,000.00 元",
        "另外还要：监督员意见、托管机构会签",
        "全体席位的 2/3 参加表决才有效",
        "先公示 7 天再付款",
        "没有紧急支出的办法",
        "不写姓名",
    ):
        assert words in page.words


def test_proposal_is_filled_in_with_one_press_and_becomes_a_motion(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    assert f"{PLACE}/propose?fill=proposed" in secretary.get(f"{PLACE}/").links()
    page = secretary.get(f"{PLACE}/propose?fill=proposed")
    assert (page.value_of("tiers-0-up_to"), page.value_of("tiers-0-officers")) == ("2000.00", "1")
    done = secretary.send(page, WHY)
    assert done.status == 303
    found = _motion_id(done.location)
    assert _proposed(session, found) == PROPOSED
    shown = secretary.follow(done).words
    assert "金额第 1 档" in shown
    assert "提交人以外 1 名负责人签批" in shown
    assert "没有紧急支出的办法" in shown  # the old line stands before the new one
    assert "每笔不超过 10,000.00 元" in shown
    council = visit("council_2").get(f"/office/council/motions/{found}")
    assert "核对并提交" in council.words  # any member may bring it before the council


def test_tiers_are_added_and_removed_without_javascript_and_what_was_typed_stays(
    visit: Visit, session: Session
) -> None:
    secretary = visit("secretary")
    page = secretary.get(f"{PLACE}/propose")
    more = secretary.send(page, {**WHY, "step": "add-tier", "notice_days": "9"})
    assert "第 3 档" in more.words
    assert more.value_of("text") == WHY["text"]
    assert more.value_of("notice_days") == "9"
    filled = {"tiers-2-up_to": "1", "tiers-2-decided_by": "council"}
    less = secretary.send(more, {**filled, "step": "remove-0"})
    assert "第 3 档" not in less.words
    assert less.value_of("tiers-2-up_to") == "1"
    again = secretary.send(less, {"step": "remove-1"})
    saved = secretary.send(
        again,
        {
            "tiers-0-up_to": "",
            "tiers-0-decided_by": "council",
            "tiers-0-majority": "special",
            "tiers-0-supervisor_opinion": "y",
            "tiers-0-host_countersign": "y",
        },
    )
    assert saved.status == 303, saved.error_summary
    book = _proposed(session, _motion_id(saved.location))
    assert book == replace(DEFAULT, tiers=DEFAULT.tiers[1:], notice_days=9)


def test_what_no_resolution_may_lower_is_said_beside_its_field(visit: Visit) -> None:
    secretary = visit("secretary")
    page = secretary.get(f"{PLACE}/propose")
    refused = secretary.send(
        page,
        {
            **WHY,
            "quorum": "1/3",
            "special_majority": "half",
            "least_votes": "2",
            "tiers-1-host_countersign": None,
            "special_matters": "purpose",
        },
    )
    assert refused.status == 422
    assert "2/3" in refused.error_at("special_majority")
    fixed = secretary.send(refused, {"special_majority": "2/3"})
    assert fixed.status == 422
    assert "1/2" in fixed.error_at("quorum")
    assert fixed.error_at("least_votes")
    assert "托管机构会签" in fixed.error_at("tiers-1-decided_by")
    assert "特别决议" in fixed.error_at("special_matters")
    assert fixed.value_of("quorum") == "1/3"
    assert fixed.value_of("text") == WHY["text"]


def test_order_of_tiers_and_limits_of_emergencies_are_checked(visit: Visit) -> None:
    secretary = visit("secretary")
    page = secretary.get(f"{PLACE}/propose?fill=proposed")
    refused = secretary.send(
        page, {**WHY, "tiers-0-up_to": "99999", "emergency_up_to": "10000.01", "emergency_pay_hours": "100"}
    )
    assert refused.status == 422
    assert "从低到高" in refused.error_summary
    assert "10,000.00" in refused.error_at("emergency_up_to")
    assert refused.error_at("emergency_pay_hours")


def test_exported_rules_can_be_read_in_again(visit: Visit, session: Session) -> None:
    proposals.adopt(session, PROPOSED)
    secretary = visit("secretary")
    file = secretary.get(f"{PLACE}/1.json")
    assert file.headers["Content-Disposition"] == "attachment; filename=rules-1.json"
    assert read_rules_file(file.content) == PROPOSED
    filled = secretary.submit(f"{PLACE}/import", {"file": (file.content, "规则.json")})
    assert filled.status == 200
    assert filled.value_of("tiers-1-up_to") == "10000.00"
    changed = secretary.send(filled, {**WHY, "poll_days": "10"})
    assert _proposed(session, _motion_id(changed.location)) == replace(PROPOSED, poll_days=10)


def test_file_that_is_none_is_refused_and_unsound_rules_are_told_beside_their_fields(visit: Visit) -> None:
    secretary = visit("secretary")
    odd = (
        b"not json",
        b"[]",
        b'{"rules": {"tiers": [{"up_to_minor": 1.5}]}}',
        b'{"rules": {"tiers": [{"up_to_minor": null, "officers": true}]}}',
        b'{"rules": {"tiers": [], "secret": 1}}',
        b"[" * 40_000,
        b" " * 70_000,
    )
    for content in odd:
        refused = secretary.submit(f"{PLACE}/import", {"file": (content, "x.json")})
        assert refused.status == 422, content[:40]
        assert refused.error_at("file")
    assert secretary.submit(f"{PLACE}/import").status == 422
    weak = {"rules": {"tiers": [{"up_to_minor": None}], "quorum": [1, 3]}}
    told = secretary.submit(f"{PLACE}/import", {"file": (json.dumps(weak).encode(), "x.json")})
    assert told.status == 422
    assert told.error_at("quorum")
    assert told.value_of("quorum") == "1/3"


def test_versions_show_what_each_changed_and_its_motion(visit: Visit, session: Session) -> None:
    found = proposals.adopt(session, replace(DEFAULT, notice_days=5, notice_unit="working"))
    auditor = visit("auditor")
    assert "现行的是第 1 版" in auditor.get(f"{PLACE}/").words
    page = auditor.get(f"{PLACE}/1")
    assert "先公示 7 天再付款" in page.words
    assert "先公示 5 个工作日再付款" in page.words
    assert f"/office/council/motions/{found}" in page.links()
    assert auditor.get(f"{PLACE}/2").status == 404
    assert auditor.get(f"{PLACE}/0").status == 200


def test_only_those_who_may_propose_do(visit: Visit) -> None:
    for key in ("cashier", "accountant", "supervisor", "host", "auditor"):
        assert visit(key).get(f"{PLACE}/").status == 200
        assert visit(key).get(f"{PLACE}/propose").status == 403
        assert visit(key).post(f"{PLACE}/propose", WHY).status == 403
    assert visit("administrator").get(f"{PLACE}/").status == 403
    assert visit("secretary").post(f"{PLACE}/propose", WHY, token=False).status == 400
