"""Motions in the office, page by page, and the member's word about their name."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from app.council.motions import operations as motions
from app.files.checks import check_files
from app.files.queries import files_of
from app.ledger.treasury.operations import create_earmark
from app.shared.db import transaction
from app.shared.errors import Conflict
from tests.council import proposals
from tests.disbursements import scenes
from tests.factories import actor
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
PLACE = "/office/council/motions"
WORDS = {"topic": "other", "title": "借用社区活动室", "text": "双方各写明责任。"}


def _id(location: str) -> int:
    return int(location.rpartition("/")[2])


def test_motion_is_written_submitted_and_voted_on(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    assert "这里还没有提案" in secretary.get(f"{PLACE}/").words
    done = secretary.submit(f"{PLACE}/draft", {**WORDS, "files": (scenes.PDF, "草图.pdf")})
    page = secretary.follow(done)
    assert "草图.pdf" in page.words
    found = _id(done.location)
    assert "借用社区活动室" in secretary.get(f"{PLACE}/?status=drafted").words
    asked = secretary.get(f"{PLACE}/{found}/submit")
    assert "您自己不能表决" in asked.words
    sent = secretary.send(asked, path=f"{PLACE}/{found}/submit")
    assert "提案已提交" in secretary.follow(sent).notices
    assert proposals.motion(session, found).status == "in_vote"
    assert secretary.get(f"{PLACE}/{found}/submit").status == 303  # nothing left to submit
    assert secretary.send(asked, path=f"{PLACE}/{found}/submit").status == 409  # a second click


def test_member_submits_and_the_secretary_finds_it_waiting(visit: Visit) -> None:
    council, secretary = visit("council"), visit("secretary")
    found = _id(council.submit(f"{PLACE}/draft", WORDS).location)
    council.submit(f"{PLACE}/{found}/submit")
    assert "等秘书处或理事长付表决" in council.get(f"{PLACE}/{found}").words
    assert council.get(f"{PLACE}/{found}/open-vote").status == 403
    assert "借用社区活动室" in secretary.get("/office/").words
    opened = secretary.submit(f"{PLACE}/{found}/open-vote")
    assert "表决已开始" in secretary.follow(opened).notices
    assert "借用社区活动室" not in secretary.get("/office/").words
    assert secretary.get(f"{PLACE}/{found}/open-vote").status == 303


def test_what_is_missing_is_said_beside_its_field_and_what_was_typed_is_kept(visit: Visit) -> None:
    secretary = visit("secretary")
    refused = secretary.submit(
        f"{PLACE}/draft", {**WORDS, "title": " ", "amount": "12", "files": (scenes.PDF, "草图.pdf")}
    )
    assert refused.status == 422
    assert refused.error_at("title")
    assert "重新选择文件" in refused.error_at("files")
    assert refused.value_of("text") == WORDS["text"]
    told = secretary.send(refused, {"title": "借用"}, path=f"{PLACE}/draft")
    assert "不写金额" in told.error_at("amount")


def test_giving_back_and_taking_back_ask_for_a_reason(visit: Visit, session: Session) -> None:
    found = proposals.submit(session, proposals.drafted(session))
    chair, secretary = visit("chair"), visit("secretary")
    assert chair.submit(f"{PLACE}/{found}/return").error_at("reason")
    back = chair.follow(chair.submit(f"{PLACE}/{found}/return", {"reason": "写明期限"}))
    assert "已退回修改，已有的表决作废" in " ".join(back.notices)
    assert secretary.get(f"{PLACE}/{found}/edit").value_of("text") == proposals.TEXT
    changed = secretary.submit(f"{PLACE}/{found}/edit", {"text": "期限三天。"})
    assert "期限三天。" in secretary.follow(changed).words
    council = visit("council")
    assert "只有提案人或秘书处" in " ".join(council.follow(council.get(f"{PLACE}/{found}/withdraw")).notices)
    assert council.post(f"{PLACE}/{found}/withdraw", {"reason": "不要"}).status == 403
    gone = secretary.follow(secretary.submit(f"{PLACE}/{found}/withdraw", {"reason": "不提了"}))
    assert "已撤回" in gone.heading
    assert secretary.get(f"{PLACE}/{found}/withdraw").status == 303
    late = secretary.post(f"{PLACE}/{found}/withdraw", {"reason": "不提了"})
    assert late.status == 409
    assert "状态已经变化" in late.words


def test_file_is_taken_off_a_draft_but_not_off_what_was_submitted(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    found = _id(secretary.submit(f"{PLACE}/draft", {**WORDS, "files": (scenes.PDF, "草图.pdf")}).location)
    (file,) = files_of(session, "motion", found)
    path = f"{PLACE}/{found}/files/{file.id}/remove"
    secretary.submit(f"{PLACE}/{found}/submit")
    assert secretary.get(path).status == 303
    assert secretary.post(path).status == 303
    session.rollback()
    assert files_of(session, "motion", found) != []
    secretary.submit(f"{PLACE}/{found}/return", {"reason": "去掉草图"})
    assert "附件已移除" in secretary.follow(secretary.submit(path)).notices


def test_public_copies_of_a_motion_are_read_by_anyone_and_its_papers_by_nobody(
    visit: Visit, session: Session
) -> None:
    secretary = visit("secretary")
    done = secretary.submit(f"{PLACE}/draft", {**WORDS, "files": (scenes.PDF, "草图.pdf")})
    found = _id(done.location)
    address = f"{PLACE}/{found}/public-copies"
    copy = {"public_copy": (scenes.PDF + b"1", "草图公开件.pdf")}
    assert secretary.get(address).status == 303  # a draft is not public
    secretary.submit(f"{PLACE}/{found}/submit")
    assert address in secretary.get(f"{PLACE}/{found}").links()
    assert "请选择文件" in secretary.submit(address).error_at("public_copy")
    wrong = secretary.submit(address, {"public_copy": (b"GIF89a", "图.gif")})
    assert "不是这里可用的文件类型" in wrong.error_at("public_copy")
    sent = secretary.submit(address, copy)
    assert "公开件已上传" in secretary.follow(sent).notices
    assert visit("cashier").post(address).status == 403
    public = visit().get(f"/motions/{proposals.motion(session, found).number}")
    assert "草图公开件.pdf" in public.words
    assert "草图.pdf" not in public.words
    session.rollback()
    paper, opened = files_of(session, "motion", found)
    assert visit().get(f"/files/{opened.id}").status == 200
    assert visit().get(f"/files/{paper.id}").status == 404
    assert all(check.holds for check in check_files(session))
    # Given back to be changed, it keeps what was published.
    with transaction(session, books=True):
        motions.return_motion(session, actor(session, "secretary"), found, "请补一页")
    assert "草图公开件.pdf" not in secretary.get(f"{PLACE}/{found}/edit").words
    with pytest.raises(Conflict, match="已经公开并记入日志"), transaction(session, books=True):
        motions.remove_file(session, actor(session, "secretary"), found, opened.id)


def test_member_reads_a_motion_and_votes_on_it_in_two_steps(visit: Visit, session: Session) -> None:
    found = proposals.submit(session, proposals.rules_drafted(session))
    council = visit("council")
    assert "按建议稿设定议事规则" in council.get("/office/").words
    page = council.get(f"{PLACE}/{found}")
    assert "金额第 1 档" in page.words  # what would change stands above the ballot
    asked = council.send(page, {"choice": "approve"})
    assert asked.heading == "核对您的表决"
    done = council.send(asked, {"confirmed": "1"})
    assert "您的表决已记录" in council.follow(done).notices
    refused = council.send(page, {"choice": "reject", "reason": ""})
    assert refused.status == 422
    assert "反对请写明理由" in refused.error_at("reason")
    proposals.vote(session, found, dict.fromkeys(("council_2", "council_3", "council_4"), "approve"))
    assert "通过" in council.get(f"{PLACE}/{found}").heading
    assert "现行的是第 1 版" in council.get("/office/council/rules/").words


def test_member_gives_their_name_and_takes_it_back(visit: Visit) -> None:
    council = visit("council")
    page = council.get("/office/council/name/")
    assert "公开页面只写您的席位" in " ".join(page.notices)
    assert "理事己" in page.words
    given = council.follow(council.send(page, path="/office/council/name/"))
    assert "您已同意公开姓名" in " ".join(given.notices)
    twice = council.send(page, path="/office/council/name/")  # the same page sent again does not take it back
    assert twice.status == 409
    assert "您已同意公开姓名" in " ".join(twice.notices)
    back = council.follow(council.send(given, path="/office/council/name/"))
    assert "公开页面只写您的席位" in " ".join(back.notices)
    for key in ("secretary", "supervisor", "cashier"):
        assert visit(key).get("/office/council/name/").status == 403


def test_motions_of_another_fund_are_nobodys_here(visit: Visit, session: Session) -> None:
    found = proposals.drafted(session)
    assert visit("administrator").get(f"{PLACE}/{found}").status == 403
    assert visit("secretary").get(f"{PLACE}/{found + 999}").status == 404
    with transaction(session, books=True):
        create_earmark(
            session, actor(session, "accountant"), scenes.fund_id(session), "shelf", "书架", "designated"
        )
    assert "书架" in visit("chair").get(f"{PLACE}/purpose").words
