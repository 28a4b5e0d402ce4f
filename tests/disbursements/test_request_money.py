"""Writing a request, keeping its files, submitting it, taking it back: the secretary's pages."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.disbursements import queries
from app.disbursements.models import Disbursement
from app.disbursements.operations import MAX_PAPERS
from app.files.models import Attachment
from app.files.queries import files_of
from app.ledger.structure.models import Project
from app.parties.models import Party
from tests.disbursements import scenes
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
DRAFT = "/office/disbursements/draft"


def _fields(session: Session, **changes: object) -> dict[str, object]:
    return {
        "earmark": str(scenes.unrestricted(session)),
        "project": "孤寡老人冬季慰问",
        "amount": "6,000.00",
        "spending_kind": "goods_purchase",
        "applicant": "金华社区居委会",
        "payee": "社区超市",
        "reason": scenes.REASON,
        "applied_on": "2023年11月6日",
        **changes,
    }


def _count(session: Session, model: type) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_secretary_writes_a_draft_checks_it_and_submits_it(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    secretary = visit("secretary")
    page = secretary.get(DRAFT)
    assert "非限定（可用 10,000.00 元）" in page.words
    saved = secretary.send(
        page, {**_fields(session), "files": (scenes.PDF, "报价.pdf"), "then": "submit"}, path=DRAFT
    )
    check = secretary.follow(saved)
    assert check.heading == "核对并提交"
    for words in (
        "6,000.00",
        "10,000.00",
        "4,000.00",
        "社区超市（单位）",
        "物资采购",
        scenes.REASON,
        "报价.pdf",
    ):
        assert words in check.words
    done = secretary.send(check)
    show = secretary.follow(done)
    assert "表决中" in show.heading
    session.rollback()
    found = session.scalars(select(Disbursement)).one()
    assert (found.status, found.number, found.amount_minor) == ("in_vote", "2023-01", 600_000)
    session.rollback()
    assert [file.name for file in files_of(session, "disbursement", found.id)] == ["报价.pdf"]
    # Twice is once: the page says that it is submitted already.
    again = secretary.post(
        f"/office/disbursements/{found.id}/submit", {"read_hash": check.value_of("read_hash")}
    )
    assert again.status == 409
    assert "状态已经变化" in again.error_summary


def test_double_click_writes_one_draft(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    page = secretary.get(DRAFT)
    first = secretary.send(page, {**_fields(session), "files": (scenes.PDF, "报价.pdf")}, path=DRAFT)
    second = secretary.send(page, {**_fields(session), "files": (scenes.PDF, "报价.pdf")}, path=DRAFT)
    assert (first.status, second.status) == (303, 303)
    assert first.location == second.location
    assert _count(session, Disbursement) == 1
    assert _count(session, Attachment) == 1


BAD_INPUT = [
    ("amount", "", "请填写这一项"),
    ("amount", "0", "金额不能是零"),
    ("amount", "-5", "金额不能是负数"),
    ("amount", "六千", "“六千”不是金额"),
    ("amount", "1.234", "最多两位小数"),
    ("amount", "1000000000000000000", "金额太大"),
    ("amount", "9" * 400, "金额太大"),
    ("applied_on", "2099-01-01", "在未来"),
    ("applied_on", "0203-11-06", "太早"),
    ("applied_on", "昨天", "请填写日期"),
    ("applied_on", "2023-02-30", "请填写日期"),
    ("earmark", "", "请填写这一项"),
    ("project", "   ", "请填写这一项"),
    ("project", "长" * 201, "最多 200 个字"),
    ("payee", "", "请填写这一项"),
    ("reason", "", "请填写这一项"),
    ("reason", "长" * 4001, "最多 4000 个字"),
    ("office_number", "长" * 41, "最多 40 个字"),
]


def test_bad_input_is_refused_beside_its_field_and_the_rest_is_kept(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    page = secretary.get(DRAFT)
    for field, typed, sentence in BAD_INPUT:
        refused = secretary.send(page, _fields(session, **{field: typed}), path=DRAFT)
        assert refused.status == 422, (field, typed[:20])
        assert sentence in refused.error_at(field), (field, typed[:20])
        kept = "reason" if field != "reason" else "project"
        assert refused.value_of(kept).strip() == _fields(session)[kept]
        assert refused.value_of(field).strip() == typed.strip()
    assert _count(session, Disbursement) == 0


def test_unknown_choices_are_refused(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    page = secretary.get(DRAFT)
    once = page.value_of("once")
    for name, value in (("earmark", "999999"), ("spending_kind", "bribes"), ("payee_kind", "alien")):
        fields = {"applicant_kind": "organisation", "payee_kind": "organisation", "once": once}
        answer = secretary.post(DRAFT, {**fields, **_fields(session, **{name: value})})
        assert answer.status == 422, name
        assert answer.error_at(name), name
    assert _count(session, Disbursement) == 0


def test_files_of_a_refused_form_are_asked_for_again(visit: Visit, session: Session) -> None:
    page = visit("secretary").submit(
        DRAFT, {**_fields(session, amount="0"), "files": (scenes.PDF, "报价.pdf")}
    )
    assert page.status == 422
    assert "请重新选择文件：报价.pdf" in page.error_at("files")
    assert _count(session, Attachment) == 0


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"MZ\x90\x00 a program", "清单.pdf", "不是这里可用的文件类型"),
        (b"", "空.pdf", "是空的"),
        (b"%PDF-" + b"0" * 2000, "大.pdf", "太大"),
    ],
)
def test_file_that_cannot_be_kept_keeps_nothing(
    visit: Visit,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes,
    name: str,
    sentence: str,
) -> None:
    monkeypatch.setattr("app.files.rules.MAX_BYTES", 1000)
    page = visit("secretary").submit(DRAFT, {**_fields(session), "files": (content, name)})
    assert page.status == 422
    assert sentence in page.error_at("files")
    assert page.value_of("project") == "孤寡老人冬季慰问"
    assert _count(session, Disbursement) == 0


def test_several_files_are_kept_with_a_draft_and_one_can_be_taken_off(visit: Visit, session: Session) -> None:
    found = scenes.drafted(session)
    secretary = visit("secretary")
    address = f"/office/disbursements/{found}/edit"
    page = secretary.get(address)
    data = MultiDict(
        [(name, value) for name, value in page.forms()[0].form_values() if name not in ("files", "then")]
    )
    data.setlist("files", [(io.BytesIO(scenes.PDF), "甲.pdf"), (io.BytesIO(scenes.PDF + b"2"), "乙.pdf")])  # type: ignore[list-item]
    data["files_public"] = "y"
    answer = secretary.client.post(address, data=data, content_type="multipart/form-data")
    assert answer.status_code == 303
    session.rollback()
    kept = files_of(session, "disbursement", found)
    assert [(file.name, file.is_public) for file in kept] == [("甲.pdf", True), ("乙.pdf", True)]
    ask = secretary.get(f"/office/disbursements/{found}/files/{kept[0].id}/remove")
    assert "移除“甲.pdf”" in ask.words
    assert secretary.send(ask).status == 303
    session.rollback()
    assert [file.name for file in files_of(session, "disbursement", found)] == ["乙.pdf"]
    # A second click finds it gone and leads back to the draft.
    assert secretary.post(f"/office/disbursements/{found}/files/{kept[0].id}/remove").status in (303, 404)


def test_a_draft_has_at_most_so_many_files(visit: Visit, session: Session) -> None:
    found = scenes.drafted(session)
    address = f"/office/disbursements/{found}/edit"
    secretary = visit("secretary")
    page = secretary.get(address)
    data = MultiDict(
        [(name, value) for name, value in page.forms()[0].form_values() if name not in ("files", "then")]
    )
    data.setlist("files", [(io.BytesIO(scenes.PDF), f"{each}.pdf") for each in range(MAX_PAPERS + 1)])  # type: ignore[list-item]
    answer = secretary.client.post(address, data=data, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "最多 20 个附件" in answer.get_data(as_text=True)
    assert _count(session, Attachment) == 0


def test_editing_a_draft_keeps_the_same_parties_when_their_names_stay(visit: Visit, session: Session) -> None:
    from app.parties.operations import PartyDraft

    found = scenes.drafted(session, payee=PartyDraft("person", "李小明"))
    before = _count(session, Party)
    secretary = visit("secretary")
    answer = secretary.submit(f"/office/disbursements/{found}/edit", {"amount": "1,234.50", "then": "keep"})
    assert answer.location == f"/office/disbursements/{found}"
    assert _count(session, Party) == before
    assert queries.disbursement(session, found).amount_minor == 123_450
    secretary.submit(f"/office/disbursements/{found}/edit", {"payee": "王小红"})
    assert _count(session, Party) == before + 1


def test_new_project_is_made_and_a_known_one_is_used(visit: Visit, session: Session) -> None:
    scenes.drafted(session)
    secretary = visit("secretary")
    assert "孤寡老人冬季慰问" in secretary.get(DRAFT).html
    secretary.submit(DRAFT, _fields(session))
    assert _count(session, Project) == 1
    secretary.submit(DRAFT, _fields(session, project="体育馆路灯"))
    assert _count(session, Project) == 2


def test_draft_without_a_kind_of_spending_cannot_be_submitted(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.drafted(session, spending_kind=None)
    secretary = visit("secretary")
    page = secretary.get(f"/office/disbursements/{found}/submit")
    assert "还没有选支出类别" in page.words
    answer = secretary.send(page)
    assert answer.status == 422
    assert "请选择支出类别" in answer.error_summary
    assert scenes.status_of(session, found) == "drafted"


def test_request_beyond_the_pool_is_refused_with_what_is_left(visit: Visit, session: Session) -> None:
    scenes.give(session, 100_000)
    found = scenes.drafted(session)
    secretary = visit("secretary")
    page = secretary.get(f"/office/disbursements/{found}/submit")
    assert "不够支付" in page.words
    answer = secretary.send(page)
    assert answer.status == 422
    assert "可用余额只有 1,000.00 元，不够 6,000.00 元" in answer.error_summary


def test_what_changed_after_it_was_read_is_not_submitted(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.drafted(session)
    secretary, chair = visit("secretary"), visit("chair")
    page = secretary.get(f"/office/disbursements/{found}/submit")
    chair.submit(f"/office/disbursements/{found}/edit", {"amount": "9,999.00"})
    answer = secretary.send(page)
    assert answer.status == 409
    assert "有人改过" in answer.error_summary
    assert scenes.status_of(session, found) == "drafted"
    # The page that came back shows the new amount, and that can be submitted.
    assert "9,999.00" in answer.words
    assert secretary.send(answer).status == 303


def test_submitter_withdraws_with_a_reason_and_others_do_not(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session, by="chair")
    address = f"/office/disbursements/{found}/withdraw"
    assert visit("council").get(address).status == 403
    chair = visit("chair")
    refused = chair.submit(address, {"reason": "  "})
    assert refused.status == 422
    assert refused.error_at("reason")
    page = chair.get(address)
    assert chair.send(page, {"reason": "收款方变了"}, path=address).status == 303
    assert scenes.status_of(session, found) == "withdrawn"
    assert chair.send(page, {"reason": "收款方变了"}, path=address).status == 409
    assert "收款方变了" in chair.get(f"/office/disbursements/{found}").words


def test_cancelling_frees_the_money(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.approved(session)
    secretary = visit("secretary")
    address = f"/office/disbursements/{found}/cancel"
    page = secretary.get(address)
    assert "6,000.00 元" in page.words
    assert secretary.send(page, {"reason": "活动取消"}, path=address).status == 303
    assert scenes.status_of(session, found) == "cancelled"
    assert scenes.pool(session) == (1_000_000, 0)
    assert secretary.send(page, {"reason": "活动取消"}, path=address).status == 409


def test_list_shows_states_with_counts_and_pages_by_fifty(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    scenes.submitted(session)
    for _ in range(51):
        scenes.drafted(session)
    secretary = visit("secretary")
    page = secretary.get("/office/disbursements/")
    assert "全部 52" in page.words
    assert "草稿 51" in page.words
    assert len(page.tree.xpath("//main//tbody/tr")) == 50
    (following,) = page.tree.xpath("//a[@rel='next']/@href")
    assert len(secretary.get(following).tree.xpath("//main//tbody/tr")) == 2
    only = secretary.get("/office/disbursements/?status=voting")
    assert len(only.tree.xpath("//main//tbody/tr")) == 1
    assert "2023-01" in only.words
    for odd in ("?status=nonsense", "?before=abc", "?before=99999999999999999999999"):
        assert secretary.get(f"/office/disbursements/{odd}").status == 200


WRITING = ["draft", "{id}/edit", "{id}/submit", "{id}/withdraw", "{id}/cancel", "{id}/files/1/remove"]


def test_strangers_and_offices_without_the_right_are_kept_out(visit: Visit, session: Session) -> None:
    found = scenes.drafted(session)
    keys = ("cashier", "accountant", "supervisor", "auditor", "administrator", "host")
    others = {key: visit(key) for key in keys}
    secretary, stranger = visit("secretary"), visit()
    for path in WRITING:
        address = "/office/disbursements/" + path.format(id=found)
        assert stranger.get(address).location.startswith("/office/sign-in"), path
        assert stranger.post(address).status == 401, path
        for key, other in others.items():
            assert other.get(address).status == 403, (path, key)
            assert other.post(address).status == 403, (path, key)
        assert secretary.client.delete(address).status_code in (400, 405), path
        assert secretary.post(address, token=False).status == 400, path
    assert _count(session, Disbursement) == 1


def test_all_who_read_requests_see_them_and_others_do_not(visit: Visit, session: Session) -> None:
    addresses = ["/office/disbursements/", f"/office/disbursements/{scenes.drafted(session)}"]
    keys = ("secretary", "cashier", "accountant", "chair", "council", "supervisor", "auditor", "host")
    people = {key: visit(key) for key in keys}
    administrator, stranger = visit("administrator"), visit()
    for address in addresses:
        for key, person in people.items():
            assert person.get(address).status == 200, key
        assert administrator.get(address).status == 403
        assert stranger.get(address).status == 302
        assert people["secretary"].post(address).status == 405


def test_request_of_another_fund_does_not_exist_for_this_funds_people(visit: Visit, session: Session) -> None:
    from app.disbursements import operations
    from app.people.queries import actor as actor_by_id
    from app.shared.db import transaction
    from app.shared.permissions import Role
    from tests.factories import appoint, make_fund, make_user

    with transaction(session, books=True):
        other = make_fund(session, "other-fund", "另一个基金")
        user_id = make_user(session, "other@example.org", "外人")
        appoint(session, user_id, Role.SECRETARY, other.id)
        other_id = other.id
    with transaction(session, books=True):
        earmark = operations.ledger.unrestricted_earmark(session, other_id).id
        found = operations.draft_disbursement(
            session,
            actor_by_id(session, user_id),
            scenes.a_draft(session, 100, fund_id=other_id, earmark_id=earmark),
        ).id
    for path in ("", "/edit", "/submit", "/withdraw"):
        assert visit("secretary").get(f"/office/disbursements/{found}{path}").status == 404
    assert visit("secretary").get("/office/disbursements/424242").status == 404
    assert visit(email="other@example.org").get(f"/office/disbursements/{found}").status == 200


def test_attachment_is_read_by_those_who_read_the_request(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    secretary.submit(DRAFT, {**_fields(session), "files": (scenes.PDF, "报价.pdf")})
    session.rollback()
    file_id = session.scalars(select(Attachment.id)).one()
    address = f"/office/files/{file_id}"
    assert visit("council").get(address).content == scenes.PDF
    assert visit("administrator").get(address).status == 404
    assert visit().get(address).status == 302
