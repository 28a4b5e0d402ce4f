"""A register of requests becomes drafts: from which purpose is read, what for is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.disbursements.models import Disbursement
from app.disbursements.operations import submit_disbursement, withdraw_disbursement
from app.disbursements.workbooks.importing import read_disbursements
from app.disbursements.workbooks.operations import import_disbursements
from app.disbursements.workbooks.rules import RequestPreview
from app.donations.operations import record_donation
from app.donations.rules import DonationDraft
from app.example.rules import DISBURSEMENTS, WORKBOOKS
from app.funds.queries import only_fund
from app.ledger import queries as ledger
from app.ledger.treasury.operations import create_earmark
from app.parties.models import Party
from app.parties.operations import PartyDraft
from app.parties.rules import ConsentDraft
from app.settings import Settings
from app.shared import clock
from app.shared.db import transaction
from app.shared.errors import Conflict, Forbidden, Refused
from tests import factories
from tests.disbursements import scenes
from tests.workbooks import Run, commands, csv, example

Import = Callable[..., list[int]]
Read = Callable[..., RequestPreview]
ROAD = "金龙体育馆门前破损路面修缮"
GIVER = "中国石油克拉玛依石化有限责任公司"
HEADINGS = ("申请编号", "申请日期", "项目", "申请部门", "收款单位", "金额", "资金来源", "事由", "附件")


def request(
    number: str = "2023-07",
    day: str = "2023-11-06",
    project: str = "冬季慰问",
    applicant: str = "金华社区",
    payee: str = "社区超市",
    amount: object = "100",
    source: str = "非定向",
    reason: str = "购买米面油",
    papers: str = "清单",
) -> tuple[object, ...]:
    """One row of the register."""
    return (number, day, project, applicant, payee, amount, source, reason, papers)


def requests(*rows: tuple[object, ...]) -> bytes:
    """A register of requests."""
    return csv(HEADINGS, *rows)


@pytest.fixture(autouse=True)
def money(session: Session) -> None:
    """A gift for the road by a company, and money for anything."""
    scenes.give(session, 1_000_000)
    with transaction(session, books=True):
        road = create_earmark(
            session,
            factories.actor(session, "accountant"),
            scenes.fund_id(session),
            "road",
            ROAD,
            "restricted",
        )
        record_donation(session, factories.actor(session, "secretary"), _gift(session, road.id))


def _gift(session: Session, earmark_id: int) -> DonationDraft:
    donor = PartyDraft("organisation", GIVER, ConsentDraft("named", "登记表"))
    return DonationDraft(
        scenes.fund_id(session), scenes.FIRST_DAY, "bank", donor, earmark_id, amount_minor=35_000_000
    )


@pytest.fixture
def read(session: Session) -> Read:
    """Return `read(content, **answers)`: the preview of a register."""

    def preview(content: bytes, **answers: Any) -> RequestPreview:
        session.rollback()
        fund_id = only_fund(session, None).id
        return read_disbursements(session, fund_id, content, "拨付.csv", today=clock.today(), **answers)

    return preview


@pytest.fixture
def imported(session: Session, settings: Settings) -> Import:
    """Return `imported(content, who="secretary", **answers)`: read and write down in one transaction."""

    def record(
        content: bytes, *, who: str = "secretary", accept_good_rows: bool = False, **answers: Any
    ) -> list[int]:
        session.rollback()
        actor = factories.actor(session, who)
        with transaction(session, books=True):
            fund_id = only_fund(session, None).id
            preview = read_disbursements(
                session, fund_id, content, "拨付.csv", today=clock.today(), **answers
            )
            return import_disbursements(
                session, actor, preview, files_dir=settings.files_dir, accept_good_rows=accept_good_rows
            )

    return record


@pytest.fixture
def run(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Return `run(*arguments)`: exit status, standard output, standard error of `sunledger`."""
    with commands(settings, monkeypatch, capsys) as given:
        yield given


def _count(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(Disbursement)) or 0


def _refusals(preview: RequestPreview) -> list[tuple[str, str]]:
    return [(one.address, str(one.refusal)) for row in preview.rows for one in row.refusals]


def test_the_office_register_becomes_two_drafts(session: Session, imported: Import) -> None:
    road_id, winter_id = imported(example(DISBURSEMENTS), spending_kinds={"2023-01": "project_works"})
    road, winter = session.get_one(Disbursement, road_id), session.get_one(Disbursement, winter_id)
    assert (road.status, road.office_number, road.number, road.spending_kind) == (
        "drafted",
        "2023-01",
        None,
        "project_works",
    )
    assert ledger.earmark(session, road.earmark_id).slug == "road"
    assert (road.amount_minor, road.papers) == (35_000_000, "报价单、施工合同、捐赠协议")
    assert (winter.spending_kind, winter.amount_minor) == (None, 600_000)
    assert winter.earmark_id == ledger.unrestricted_earmark(session, road.fund_id).id
    payee = session.get_one(Party, road.payee_id)
    assert (payee.name, payee.kind, payee.public_name) == ("施工单位", "organisation", "施工单位")


def test_the_number_of_the_office_becomes_the_public_one(session: Session, imported: Import) -> None:
    (request_id,) = imported(requests(request()), spending_kinds={"2023-07": "物资采购"})
    with transaction(session, books=True):
        submit_disbursement(session, factories.actor(session, "secretary"), request_id)
    assert session.get_one(Disbursement, request_id).number == "2023-07"


def test_a_draft_without_a_kind_cannot_be_submitted(session: Session, read: Read, imported: Import) -> None:
    content = requests(request())
    assert [str(note) for note in read(content).rows[0].notes] == ["没有写支出类别，提交申请前要选"]
    (request_id,) = imported(content)
    with pytest.raises(Refused, match="支出类别"), transaction(session, books=True):
        submit_disbursement(session, factories.actor(session, "secretary"), request_id)


SOURCES = (
    (f"定向捐赠({GIVER})", "修路", "road"),
    (f"定向捐赠（{ROAD}）", "修路", "road"),
    (f"定向：{GIVER}", "修路", "road"),
    ("定向捐赠", ROAD, "road"),
    ("非定向", ROAD, "unrestricted"),
    ("非限定性资金", "慰问", "unrestricted"),
)


def test_the_source_names_the_purpose_or_its_donor(read: Read) -> None:
    for source, project, slug in SOURCES:
        row = read(requests(request(source=source, project=project))).rows[0]
        assert row.earmark is not None, source
        assert row.earmark.slug.endswith(slug)


def test_a_source_that_fits_no_purpose_is_asked(read: Read) -> None:
    content = requests(request(source="定向捐赠(某公司)"))
    assert _refusals(read(content)) == [
        ("G2", f"不能确定“定向捐赠(某公司)”是哪一项限定用途，可用的有：{ROAD}（road）")
    ]
    answered = read(content, earmarks={"2023-07": "road"}).rows[0]
    assert answered.earmark is not None
    assert answered.earmark.slug == "road"


def test_a_donor_of_two_purposes_is_told_apart_by_the_project(session: Session, read: Read) -> None:
    with transaction(session, books=True):
        actor = factories.actor(session, "accountant")
        school = create_earmark(session, actor, scenes.fund_id(session), "school", "图书角", "restricted")
        record_donation(session, factories.actor(session, "secretary"), _gift(session, school.id))
    source = f"定向捐赠({GIVER})"
    preview = read(
        requests(
            request("2023-07", project=ROAD, source=source), request("2023-08", project="别的", source=source)
        )
    )
    assert preview.rows[0].earmark is not None
    assert preview.rows[0].earmark.slug == "road"
    assert preview.rows[1].state == "refused"


WRONG_CELLS = (
    (request(amount="0"), "F2", "“0”：金额不能是零"),
    (request(amount="12.345"), "F2", "“12.345”：金额只能精确到分，最多两位小数"),
    (request(day=""), "B2", "没有填写申请日期"),
    (request(day="2123-01-01"), "B2", "“2123-01-01”是将来的日期"),
    (request(project=""), "C2", "没有填写项目"),
    (request(applicant=""), "D2", "没有填写申请部门"),
    (request(payee=""), "E2", "没有填写收款单位"),
    (request(source=""), "G2", "没有填写资金来源，请写 非定向，或 定向捐赠(捐赠人或用途)"),
    (request(reason=""), "H2", "没有填写事由"),
    (request(project="项" * 201), "C2", "最多 200 个字"),
)


def test_a_wrong_cell_is_refused_with_its_address(session: Session, read: Read, imported: Import) -> None:
    for row, address, reason in WRONG_CELLS:
        assert (address, reason) in _refusals(read(requests(row))), reason
        with pytest.raises(Refused):
            imported(requests(row))
    assert _count(session) == 0


def test_a_payee_who_may_be_a_person_is_not_published(session: Session, read: Read, imported: Import) -> None:
    content = requests(request(payee="王小明"))
    assert "“王小明”看不出是单位，按个人登记，不公开姓名" in [
        str(note) for note in read(content).rows[0].notes
    ]
    (request_id,) = imported(content)
    payee = session.get_one(Party, session.get_one(Disbursement, request_id).payee_id)
    assert (payee.kind, payee.public_name) == ("person", "爱心居民")


def test_the_same_file_is_in_already_and_a_longer_one_adds_its_new_rows(
    session: Session, read: Read, imported: Import
) -> None:
    imported(requests(request()))
    with pytest.raises(Conflict, match="已经导入过"):
        imported(requests(request()))
    longer = requests(request(), request("2023-08", project="助学"))
    assert [row.state for row in read(longer).rows] == ["same", "new"]
    assert len(imported(longer)) == 1
    assert _count(session) == 2


def test_a_number_that_says_something_else_now_is_refused(read: Read, imported: Import) -> None:
    imported(requests(request()))
    assert _refusals(read(requests(request(amount="101")))) == [
        ("A2", "编号“2023-07”的申请已经登记，内容不同；请在那份申请里修改")
    ]
    assert _refusals(read(requests(request("2023-09"), request("2023-09", project="助学")))) == [
        ("A3", "编号“2023-09”在第 2 行已经用过")
    ]


def test_a_withdrawn_request_may_come_again(session: Session, imported: Import) -> None:
    (request_id,) = imported(requests(request()))
    with transaction(session, books=True):
        withdraw_disbursement(session, factories.actor(session, "secretary"), request_id, "写错了")
    assert len(imported(requests(request(papers="清单、报价")))) == 1


def test_an_answer_that_fits_nothing_is_refused(read: Read) -> None:
    with pytest.raises(Refused, match="没有编号“2023-99”"):
        read(requests(request()), spending_kinds={"2023-99": "project_works"})
    with pytest.raises(Refused, match="没有“礼物”这个支出类别"):
        read(requests(request()), spending_kinds={"2023-07": "礼物"})
    with pytest.raises(Refused, match="不需要拆分"):
        read(requests(request()), splits={"2": "even"})


def test_the_rest_is_written_down_when_refused_rows_are_left_out(session: Session, imported: Import) -> None:
    content = requests(request(amount="x"), request("2023-08"))
    with pytest.raises(Refused, match="1 行不能记入"):
        imported(content)
    assert len(imported(content, accept_good_rows=True)) == 1


def test_only_who_may_request_may_import(session: Session, imported: Import) -> None:
    for who in ("cashier", "accountant", "supervisor"):
        with pytest.raises(Forbidden):
            imported(requests(request()), who=who)
    assert _count(session) == 0


def test_by_command(session: Session, run: Run) -> None:
    file = WORKBOOKS / DISBURSEMENTS
    assert run("import", "disbursements", file, "--dry-run")[0] == 0
    assert _count(session) == 0
    kinds = ("--spending-kind", "2023-01=project_works", "--spending-kind", "2023-02=物资采购")
    status, out, err = run("import", "disbursements", file, *kinds)
    assert (status, err) == (0, "")
    assert "项目（工程）支出" in out
    assert "已起草 2 份申请，合计 356,000.00 元；已有 0 行，不能记入 0 行" in out
    assert _count(session) == 2
    status, out, err = run("import", "disbursements", file)
    assert (status, out) == (1, "")
    assert err.startswith("这份文件已经导入过（")
