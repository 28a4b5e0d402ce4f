"""The confirmation of a gift: every field of it, for the donor's hands alone, one or a gala's hundreds in a file."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pikepdf
import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.donations.operations import correct_money, record_donations, reverse_donation
from app.donations.rules import DonationDraft
from app.goods.operations import GoodsDraft
from app.ledger.queries import unrestricted_earmark
from app.parties.operations import PartyDraft
from app.settings import Settings
from app.shared.db import transaction
from app.shared.permissions import Actor, Office, Role
from app.statements.receipts import pdf
from tests.donations.gifts import PERSON, PLACE, gift, give, give_goods
from tests.factories import actor, make_fund
from tests.visitor import Seen, Visitor

Visit = Callable[..., Visitor]
UNNAMED = PartyDraft("unnamed", "爱心居民")


def words_of(content: bytes | Path, folder: Path) -> str:
    """All words of a PDF, as poppler reads them."""
    path = content if isinstance(content, Path) else folder / "read.pdf"
    if isinstance(content, bytes):
        path.write_bytes(content)
    text = subprocess.run(
        ["pdftotext", "-layout", str(path), "-"], check=True, capture_output=True, text=True
    )
    return " ".join(text.stdout.split())


def pages_of(content: bytes, folder: Path) -> int:
    (folder / "pages.pdf").write_bytes(content)
    with pikepdf.open(folder / "pages.pdf") as file:
        return len(file.pages)


def of(donation_id: int) -> str:
    return f"{PLACE}/{donation_id}/confirmation.pdf"


def opened(seen: Seen) -> bytes:
    assert (seen.status, seen.headers["Content-Type"]) == (200, "application/pdf")
    assert seen.headers["Cache-Control"] == "no-store"
    return seen.content


def test_confirmation_has_every_field_and_is_kept_nowhere(
    visit: Visit, session: Session, settings: Settings, tmp_path: Path
) -> None:
    found = gift(session, give(session, 35_000_000, wish="修门前的路", receipt_number="新财 0001234"))
    answer = visit("secretary").get(of(found.id))
    said = words_of(opened(answer), tmp_path)
    for words in (
        "捐赠接收确认单",
        "非税前扣除凭证",
        "不是法定票据",
        "一米阳光基金",
        "金龙镇慈善会",
        f"-{found.id:06d}",
        "古丽·买买提 个人",
        "收到日期 2023-09-20",
        "种类 捐款",
        "捐赠方式 银行转账",
        "限定 非限定性",
        "用途 非限定",
        "修门前的路",
        "新财 0001234",
        "人民币叁拾伍万元整",
        "¥350,000.00",
        "经手 秘书乙",
        "复核（签字）",
        "核对账本的公钥：",
        found.receipt_code,
    ):
        assert words in said, words
    assert "买买提" not in answer.headers["Content-Disposition"]
    assert list((settings.data_dir / "cache" / "receipts").iterdir()) == []


def test_goods_stand_line_by_line_with_what_they_are_worth(
    visit: Visit, session: Session, tmp_path: Path
) -> None:
    said = words_of(opened(visit("auditor").get(of(give_goods(session)))), tmp_path)
    assert "馕 300 个 3.00 900.00 店里售价" in said
    assert "儿童图书 40 册 5.00 200.00 （待确认）" in said
    assert "人民币壹仟壹佰元整" in said


def test_forty_kinds_of_goods_go_on_over_the_page(visit: Visit, session: Session, tmp_path: Path) -> None:
    lines = [GoodsDraft(f"第{place}号物品", 3, "件", 1_000 + place, "市场价", True) for place in range(70)]
    gift_id = give(session, 0, goods=lines)
    content = opened(visit("secretary").get(of(gift_id)))
    said = words_of(content, tmp_path)
    assert all(f"第{place}号物品" in said for place in range(70))
    assert pages_of(content, tmp_path) == 2
    assert len(re.findall(f"-{gift_id:06d}", said)) >= 2


def test_donor_without_a_name_gets_the_code_alone(visit: Visit, session: Session, tmp_path: Path) -> None:
    gift_id = give(session, 10, UNNAMED, method="cash")
    said = words_of(opened(visit("secretary").get(of(gift_id))), tmp_path)
    for words in ("感谢您的捐赠", "人民币壹角整", "¥0.10", gift(session, gift_id).receipt_code):
        assert words in said
    assert "爱心居民" not in said
    assert "捐赠人" not in said


def test_reversed_and_corrected_gifts_say_so(visit: Visit, session: Session, tmp_path: Path) -> None:
    wrong, undone = give(session, 1_000), give(session, 2_000)
    with transaction(session, books=True):
        correct_money(session, actor(session, "accountant"), wrong, "少记了", amount_minor=1_200)
        reverse_donation(session, actor(session, "accountant"), undone, "重复")
    said = words_of(opened(visit("secretary").get(of(wrong))), tmp_path)
    assert "更正后的第 2 版" in said
    assert "人民币壹拾贰元整" in said
    assert "已冲销" not in said
    assert "已冲销" in words_of(opened(visit("secretary").get(of(undone))), tmp_path)


def test_only_offices_that_read_personal_data_print_and_only_of_their_fund(
    visit: Visit, session: Session
) -> None:
    gift_id = give(session)
    for key in ("cashier", "chair", "council", "host", "administrator"):
        assert visit(key).get(of(gift_id)).status == 403
        assert visit(key).get("/office/receipts/confirmations.pdf?which=all").status == 403
    assert visit().get(of(gift_id)).status in (302, 303, 401)
    with transaction(session, books=True):
        other = make_fund(session, "dusk", "黄昏基金").id
    with transaction(session, books=True):
        here = actor(session, "secretary")
        everywhere = Actor(here.user_id, here.name, (Office(Role.SECRETARY, None, 0),))
        earmark = unrestricted_earmark(session, other).id
        draft = DonationDraft(other, date(2023, 9, 20), "cash", PERSON, earmark, amount_minor=5)
        (foreign,) = record_donations(session, everywhere, [draft])
    assert visit("secretary").get(of(foreign)).status == 404
    assert visit("secretary").get(f"/office/receipts/confirmations.pdf?gift={foreign}").status == 422


def test_many_are_chosen_by_day_or_one_by_one(visit: Visit, session: Session, tmp_path: Path) -> None:
    first, second = give(session, 1_000), give(session, 2_000, received_on=date(2023, 10, 2))
    goods = give_goods(session)
    secretary = visit("secretary")
    listed = secretary.get("/office/receipts/?from=2023-10-01")
    assert "打印全部 1 张" in listed.words
    by_day = secretary.get("/office/receipts/confirmations.pdf?which=all&from=2023-10-01")
    said = words_of(opened(by_day), tmp_path)
    assert f"-{second:06d}" in said
    assert f"-{first:06d}" not in said
    ticked = secretary.get(f"/office/receipts/confirmations.pdf?which=ticked&gift={first}&gift={goods}")
    said = words_of(opened(ticked), tmp_path)
    assert f"-{first:06d}" in said
    assert f"-{goods:06d}" in said
    assert f"-{second:06d}" not in said


@pytest.mark.parametrize(
    "query", ["", "?which=ticked&gift=abc", "?which=all&from=2023-13-40", "?gift=999999"]
)
def test_nothing_chosen_is_said_in_words(visit: Visit, session: Session, query: str) -> None:
    give(session)
    answer = visit("secretary").get(f"/office/receipts/confirmations.pdf{query}")
    assert answer.status == 422
    assert "请" in answer.words


def test_address_in_the_code_is_the_public_one(app: Flask, session: Session, tmp_path: Path) -> None:
    gift_id = give(session)
    with app.test_request_context():
        path = pdf.receipts_file([gift_id], "zh_Hans")
        said = words_of(path, tmp_path)
    assert "在本基金网站的 /trace 输入追踪码" in said
    assert "localhost" not in said


def test_parts_of_a_long_file_are_joined_in_order(
    app: Flask, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [give(session, 1_000 + place) for place in range(7)]
    monkeypatch.setattr(pdf, "PART", 3)
    with app.test_request_context():
        path = pdf.receipts_file(ids, "en")
    said = words_of(path, tmp_path)
    places = [said.index(f"-{gift_id:06d}") for gift_id in ids]
    assert places == sorted(places)
    assert re.search("1 ?/ ?3", said)


def test_certificate_thanks_by_name_and_is_no_receipt(visit: Visit, session: Session, tmp_path: Path) -> None:
    money, goods = give(session, 84_000), give_goods(session)
    answer = visit("secretary").get(f"{PLACE}/{money}/certificate.pdf")
    said = words_of(opened(answer), tmp_path)
    for words in (
        "感 谢 状",
        "古丽·买买提：",
        "2023 年 9 月 20 日",
        "一米阳光基金",
        "金龙镇慈善会",
        "捌佰肆拾元整",
        "不是票据",
    ):
        assert words.replace(" ", "") in said.replace(" ", ""), words
    assert pages_of(answer.content, tmp_path) == 1
    assert "买买提" not in answer.headers["Content-Disposition"]
    of_goods = words_of(opened(visit("secretary").get(f"{PLACE}/{goods}/certificate.pdf")), tmp_path)
    assert "馕300个、儿童图书40册" in of_goods.replace(" ", "")


def test_nobody_unnamed_and_no_undone_gift_is_thanked(visit: Visit, session: Session) -> None:
    unnamed, undone = give(session, 10, UNNAMED, method="cash"), give(session, 20)
    with transaction(session, books=True):
        reverse_donation(session, actor(session, "accountant"), undone, "重复")
    secretary = visit("secretary")
    assert secretary.get(f"{PLACE}/{unnamed}/certificate.pdf").status == 422
    assert secretary.get(f"{PLACE}/{undone}/certificate.pdf").status == 409
    for gift_id in (unnamed, undone):
        assert f"{PLACE}/{gift_id}/certificate.pdf" not in secretary.get(f"{PLACE}/{gift_id}").links()
    assert visit("cashier").get(f"{PLACE}/{undone}/certificate.pdf").status == 403
