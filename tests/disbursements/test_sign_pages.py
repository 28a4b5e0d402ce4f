"""Signing on the page of a request: officers, the supervisor's opinion, the host; who may, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.council.interests.operations import InterestDraft, declare_interest
from app.council.models import Endorsement, Matter
from app.council.queries import matter_of
from app.donations.operations import record_donation
from app.donations.rules import DonationDraft
from app.ledger import queries as ledger
from app.parties.operations import PartyDraft
from app.shared.db import transaction
from tests.council.adopting import adopt
from tests.disbursements import scenes
from tests.factories import actor
from tests.visitor import Seen, Visitor

Visit = Callable[..., Visitor]
LARGE = 12_000_000


def _address(found: int) -> str:
    return f"/office/disbursements/{found}"


def _matter(session: Session, found: int) -> Matter:
    session.rollback()
    session.expire_all()
    matter = matter_of(session, "disbursement", found)
    assert matter is not None
    return matter


def _signatures(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(Endorsement)) or 0


def _sign(visitor: Visitor, found: int, choice: str, reason: str = "") -> Seen:
    check = visitor.submit(_address(found), {"choice": choice, "reason": reason})
    assert check.heading == "核对您的签字", check.words
    return visitor.send(check, {"confirmed": "1"})


def _force(session: Session, visitor: Visitor, found: int, **changes: str) -> Seen:
    matter = _matter(session, found)
    fields = {"kind": "officer", "choice": "approve", "reason": "", "text_hash": matter.text_hash, **changes}
    return visitor.post(f"/office/matters/{matter.id}/sign", {"confirmed": "1", **fields})


def _conflicted_with(session: Session, member: str, name: str) -> None:
    who = actor(session, member)
    assert who.user_id is not None
    with transaction(session, books=True):
        declare_interest(
            session, who, InterestDraft(scenes.fund_id(session), who.user_id, "business", name, "股东")
        )


def test_two_officers_sign_a_middle_amount_and_the_chair_is_one_of_them(
    visit: Visit, session: Session
) -> None:
    adopt(session)
    scenes.give(session, 2_000_000)
    found = scenes.submitted(session, 500_000)
    chair = visit("chair")
    work = chair.get("/office/")
    assert "待签批" in work.words
    assert "付给 社区超市" in work.words
    assert "批准后剩 15,000.00 元" in work.words
    assert "截止" in work.words
    page = chair.get(_address(found))
    assert "待理事长签批" in page.words
    assert "第 2 档：超过 2,000.00 元，不超过 10,000.00 元" in page.words
    assert page.tree.xpath("//input[@value='abstain']") == []
    assert _sign(chair, found, "approve").status == 303
    after = chair.get(_address(found))
    assert "须 2 名负责人签批，其中有理事长：同意 1，不同意 0 → 待签批" in after.words
    assert "还待 1 名负责人签批" in after.words
    assert _address(found) not in chair.get("/office/").links()
    second = visit("council")
    assert second.follow(_sign(second, found, "approve", "价格合理")).status == 200
    assert scenes.status_of(session, found) == "in_notice"
    done = second.get(_address(found))
    assert "同意 2，不同意 0 → 通过" in done.words
    assert "价格合理" in done.words


def test_officer_who_drafted_cannot_sign(visit: Visit, session: Session) -> None:
    adopt(session)
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session, 100_000)
    secretary = visit("secretary")
    page = secretary.get(_address(found))
    assert page.tree.xpath("//form[contains(@action, '/matters/')]") == []
    assert _address(found) not in secretary.get("/office/").links()
    refused = _force(session, secretary, found)
    assert refused.status == 403
    assert "申请由您提交，请由别人签字" in refused.words
    assert _signatures(session) == 0


def test_member_with_an_interest_cannot_sign(visit: Visit, session: Session) -> None:
    adopt(session)
    scenes.give(session, 1_000_000)
    _conflicted_with(session, "council", "社区超市")
    found = scenes.submitted(session, 100_000)
    member = visit("council")
    assert member.get(_address(found)).tree.xpath("//form[contains(@action, '/matters/')]") == []
    refused = _force(session, member, found)
    assert refused.status == 403
    assert "有利害关系，已经回避" in refused.words
    assert _signatures(session) == 0


def test_second_signature_of_one_person_is_answered_with_409(visit: Visit, session: Session) -> None:
    adopt(session)
    scenes.give(session, 2_000_000)
    found = scenes.submitted(session, 500_000)
    member = visit("council")
    check = member.submit(_address(found), {"choice": "approve"})
    assert member.send(check, {"confirmed": "1"}).status == 303
    again = member.send(check, {"confirmed": "1"})
    assert again.status == 409
    assert "您已经签过了" in again.words
    assert _signatures(session) == 1


def test_signature_on_an_older_text_or_after_the_decision_is_answered_with_409(
    visit: Visit, session: Session
) -> None:
    adopt(session)
    scenes.give(session, 2_000_000)
    found = scenes.submitted(session, 100_000)
    member, other = visit("council"), visit("council_2")
    stale = _force(session, member, found, text_hash="0" * 64)
    assert stale.status == 409
    assert "请重新阅读后再签字" in stale.words
    assert _force(session, member, found).status == 303
    late = _force(session, other, found)
    assert late.status == 409
    assert "现在不需要这个签字" in late.words
    assert _signatures(session) == 1


def test_refusal_needs_words_and_what_was_typed_stays(visit: Visit, session: Session) -> None:
    adopt(session)
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session, 100_000)
    member = visit("council")
    page = member.get(_address(found))
    assert "请填写这一项" in member.send(page, {"reason": "再想想"}).error_at("choice")
    refused = member.send(page, {"choice": "reject"})
    assert refused.status == 422
    assert refused.error_at("reason") == "请写明意见"
    assert refused.value_of("choice") == "reject"
    check = member.send(page, {"choice": "approve", "reason": "再想想"})
    back = member.send(check, {"change": "1"})
    assert back.value_of("reason").strip() == "再想想"
    assert _signatures(session) == 0
    assert _sign(member, found, "reject", "太贵").status == 303
    assert scenes.status_of(session, found) == "rejected"


def test_only_those_who_may_sign_do(visit: Visit, session: Session) -> None:
    adopt(session)
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session, 100_000)
    address = f"/office/matters/{_matter(session, found).id}/sign"
    assert visit().post(address).status == 401
    assert visit("council").post(address, token=False).status == 400
    assert visit("administrator").post(address).status == 403
    for key in ("cashier", "accountant", "auditor", "supervisor", "host"):
        visitor = visit(key)
        assert visitor.get(_address(found)).tree.xpath("//form[contains(@action, '/matters/')]") == [], key
        assert _force(session, visitor, found).status == 403, key
    assert visit("council").post("/office/matters/999999/sign").status == 404
    assert _signatures(session) == 0


def test_large_request_waits_for_vote_opinion_and_host_by_their_pages(visit: Visit, session: Session) -> None:
    scenes.give(session, 20_000_000)
    found = scenes.submitted(session, LARGE)
    page = visit("council").get(_address(found))
    for words in (
        "第 2 档：超过 100,000.00 元",
        "三分之二以上赞成",
        "监督员出具意见；托管机构会签",
        "内置的初始规则",
    ):
        assert words in page.words, words
    host, supervisor = visit("host"), visit("supervisor")
    assert _address(found) not in host.get("/office/").links()
    assert _force(session, host, found, kind="host").status == 409
    for member in ("chair", "council", "council_2", "council_3"):
        assert scenes.status_of(session, found) == "in_vote"
        voter = visit(member)
        check = voter.submit(_address(found), {"choice": "approve"})
        assert voter.send(check, {"confirmed": "1"}).status == 303
    assert scenes.status_of(session, found) == "in_vote"
    assert _matter(session, found).status == "endorsing"
    assert "待会签" in host.get("/office/").words
    silent = supervisor.submit(_address(found), {"choice": "approve"})
    assert silent.status == 422
    assert silent.error_at("reason") == "请写明意见"
    assert _sign(supervisor, found, "reject", "建议先做一期").status == 303
    assert scenes.status_of(session, found) == "in_vote"
    assert _address(found) not in supervisor.get("/office/").links()
    assert _sign(host, found, "approve").status == 303
    assert scenes.status_of(session, found) == "in_notice"
    shown = host.get(_address(found)).words
    assert "特别决议至少要 3 票赞成，监督员意见：不支持，托管机构会签：同意 → 通过" in shown
    assert "建议先做一期" in shown


def test_host_that_refuses_ends_a_large_request(visit: Visit, session: Session) -> None:
    scenes.give(session, 20_000_000)
    found = scenes.submitted(session, LARGE)
    for member in scenes.MEMBERS[:4]:
        scenes.vote(session, found, member, "approve")
    assert _sign(visit("supervisor"), found, "approve", "同意").status == 303
    assert _sign(visit("host"), found, "reject", "超出宗旨").status == 303
    assert scenes.status_of(session, found) == "rejected"
    assert scenes.pool(session) == (20_000_000, 0)


def test_host_decides_what_a_conflicted_council_cannot(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    for member in ("council", "council_2", "council_3"):
        _conflicted_with(session, member, "社区超市")
    found = scenes.submitted(session)
    assert _matter(session, found).status == "referred"
    host = visit("host")
    assert "待决定" in host.get("/office/").words
    page = host.get(_address(found))
    assert "由托管机构决定 → 待托管机构决定" in page.words
    assert visit("chair").get(_address(found)).tree.xpath("//form[contains(@action, '/matters/')]") == []
    assert _sign(host, found, "approve", "核实过报价").status == 303
    assert scenes.status_of(session, found) == "in_notice"
    assert "未回避的不足 3 席，由托管机构决定，托管机构决定：同意 → 通过" in host.get(_address(found)).words


def test_vote_can_be_changed_and_every_version_is_shown_with_its_time(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session)
    member = visit("council")
    for choice, reason in (("approve", ""), ("reject", "报价太高")):
        check = member.submit(_address(found), {"choice": choice, "reason": reason})
        assert member.send(check, {"confirmed": "1"}).status == 303
    page = member.get(_address(found))
    assert "到会 1：赞成 0，反对 1" in page.words
    rows = [" ".join(row.text_content().split()) for row in page.tree.xpath("//details//tbody/tr")]
    assert len(rows) == 2
    assert "赞成 · 网上 后来改了" in rows[0]
    assert "反对 · 报价太高 · 网上" in rows[1]


def test_recusal_at_the_vote_asks_for_its_kind(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session)
    member = visit("council")
    page = member.get(_address(found))
    assert "请选择回避的原因" in member.send(page, {"choice": "recuse"}).error_at("conflict_kind")
    other = member.send(page, {"choice": "recuse", "conflict_kind": "declared"})
    assert other.error_at("reason") == "回避请写明原因"
    check = member.send(page, {"choice": "recuse", "conflict_kind": "family", "reason": "店主是我表哥"})
    assert "亲属关系" in check.words
    assert member.send(check, {"confirmed": "1"}).status == 303
    shown = member.get(_address(found))
    assert "您与这项议题有利害关系，已经回避" in shown.words
    number = shown.tree.xpath("//nav[@class='breadcrumb']//li[@aria-current]")[0].text_content()
    public = visit().get(f"/disbursements/{number}")
    assert public.status == 200
    assert "表哥" not in public.html


def test_donor_of_the_purpose_and_a_tied_member_are_out(visit: Visit, session: Session) -> None:
    road = scenes.make_road(session)
    _conflicted_with(session, "council_2", "路桥公司")
    fund = scenes.fund_id(session)
    with transaction(session, books=True):
        record_donation(
            session,
            actor(session, "secretary"),
            DonationDraft(
                fund_id=fund,
                received_on=scenes.FIRST_DAY,
                method="bank",
                donor=PartyDraft("organisation", "路桥有限公司"),
                earmark_id=road,
                amount_minor=900_000,
                money_account_id=ledger.money_account_of_kind(session, fund, "bank").id,
            ),
        )
    # 路桥公司 and 路桥有限公司 are the same name; the gift to the purpose ties the member to whatever it is spent on.
    found = scenes.submitted(session, 500_000, earmark_id=road)
    assert "您与这项议题有利害关系" in visit("council_2").get(_address(found)).words
    scenes.give(session, 900_000)
    free = scenes.submitted(session, 400_000)
    assert "您与这项议题有利害关系" not in visit("council_2").get(_address(free)).words
