"""The secretary sends a register in, looks at it, answers, confirms. Without JavaScript."""

from __future__ import annotations

import io
import os
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.donations.models import Donation
from app.ledger.queries import earmark_with_slug
from app.settings import Settings
from tests.donations.registers.books import edited, two_months
from tests.sheets import office_files
from tests.visitor import Seen, Visitor

Visit = Callable[..., Visitor]
SEND = "/office/donations/registers/import"
CONFIRM = 0


def _send(visitor: Visitor, content: bytes, name: str = "捐赠登记表.xlsx", **fields: str) -> Seen:
    return visitor.submit(SEND, {"file": (content, name), **fields})


def _checked(
    visitor: Visitor, content: bytes, answers: str = "", name: str = "捐赠登记表.xlsx"
) -> tuple[str, Seen]:
    sent = _send(visitor, content, name)
    assert sent.status == 303, sent.error_summary
    address = sent.location + answers
    return address, visitor.get(address)


def _gifts(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(Donation)) or 0


ANSWERED = "?split-10=even&purpose-0=金龙体育馆门前破损路面修缮&as-0=new&slug-0=road"


def test_a_register_is_sent_checked_answered_and_confirmed(
    visit: Visit, session: Session, example: bytes
) -> None:
    secretary = visit("secretary")
    address, page = _checked(secretary, example)
    assert page.status == 200
    assert page.heading == "核对登记表"
    assert "写了几种物品和一个金额，请在上面回答怎样拆分" in page.words
    assert "G12：表中合计是公式，没有存储结果；按各行相加为 357,220.00 元" in page.words
    assert _gifts(session) == 0
    answered = secretary.get(address + ANSWERED)
    assert "355,000.00" in answered.words
    assert "2,220.00" in answered.words
    assert "手工围巾 1条 · 估值 20.00 元 · 估值依据待确认" in answered.words
    assert _gifts(session) == 0
    done = secretary.send(answered, path=address + ANSWERED)
    assert done.status == 303
    shown = secretary.follow(done)
    assert any("已记入 8 笔：捐款 355,000.00 元，物资估值 2,220.00 元" in one for one in shown.notices)
    assert _gifts(session) == 8
    assert earmark_with_slug(session, "road") is not None


def test_confirming_twice_records_once(visit: Visit, session: Session, example: bytes) -> None:
    secretary = visit("secretary")
    address, page = _checked(secretary, example, ANSWERED)
    first = secretary.send(page, path=address)
    second = secretary.send(page, path=address)
    assert (first.status, second.status) == (303, 303)
    assert first.location == second.location
    assert any("没有重复记入" in one for one in secretary.follow(second).notices)
    assert _gifts(session) == 8


def test_unanswered_rows_keep_everything_out_unless_the_rest_is_wanted(
    visit: Visit, session: Session, example: bytes
) -> None:
    secretary = visit("secretary")
    address, page = _checked(secretary, example)
    refused = secretary.send(page, path=address)
    assert refused.status == 422
    assert "有 1 行不能记入，什么都没有记" in refused.error_summary
    assert _gifts(session) == 0
    done = secretary.send(refused, {"accept_good_rows": "y"}, path=address)
    assert done.status == 303
    assert _gifts(session) == 7


def test_refused_rows_come_first_with_the_cell(visit: Visit, session: Session) -> None:
    content = edited({"G5": "12.345", "B6": "2023年13月1日"})
    _, page = _checked(visit("secretary"), content, ANSWERED)
    errors = [
        " ".join(each.text_content().split()) for each in page.tree.xpath("//span[@class='cell-error']")
    ]
    assert errors == ["G5：“12.345”：金额只能精确到分，最多两位小数", "B6：没有“2023年13月1日”这一天"]
    assert page.words.index("不能记入") < page.words.index("将要记入")


def test_an_edited_register_shows_old_and_new_and_takes_only_what_is_ticked(
    visit: Visit, session: Session, example: bytes
) -> None:
    secretary = visit("secretary")
    address, page = _checked(secretary, example, ANSWERED)
    secretary.send(page, path=address)
    address, page = _checked(visit("accountant"), edited({"J5": "首批", "G5": 6000}))
    boxes = {
        box.get("value"): box.get("checked") is not None
        for box in page.tree.xpath("//input[@name='corrections']")
    }
    assert boxes == {"5:words": True, "5:money": False}
    assert "金额：5,000.00 元 → 6,000.00 元" in page.words
    accountant = visit("accountant")
    address, page = _checked(accountant, edited({"J5": "首批", "G5": 6000}))
    done = accountant.send(page, path=address)
    assert "更正 1 处" in " ".join(accountant.follow(done).notices)
    session.rollback()
    gift = session.scalars(select(Donation).where(Donation.office_number == "2")).one()
    assert (gift.memo, gift.amount_minor) == ("首批", 500_000)


def test_books_that_changed_since_are_shown_again_before_anything_is_recorded(
    visit: Visit, session: Session, example: bytes
) -> None:
    secretary, accountant = visit("secretary"), visit("accountant")
    address, page = _checked(secretary, edited({"J5": "a"}), ANSWERED)
    other, other_page = _checked(accountant, example, ANSWERED)
    accountant.send(other_page, path=other)
    late = secretary.send(page, path=address)
    assert late.status == 409
    assert "登记表或账目刚刚变动" in late.error_summary
    assert _gifts(session) == 8
    assert secretary.send(late, path=address).status == 303


def test_an_upload_is_of_one_person_and_kept_for_a_day(
    visit: Visit, settings: Settings, example: bytes
) -> None:
    secretary = visit("secretary")
    address, _ = _checked(secretary, example)
    assert visit("accountant").get(address).status == 404
    assert secretary.get(address[:-2] + "xx").status == 404
    (kept,) = (settings.data_dir / "uploads").glob("*/*")
    assert example not in kept.read_bytes()
    assert b"PK" not in kept.read_bytes()[:20]
    yesterday = time.time() - 25 * 3600
    os.utime(kept, (yesterday, yesterday))
    assert secretary.get(address).status == 404
    _send(secretary, example)
    assert not kept.exists()


def test_a_confirmed_upload_is_deleted(visit: Visit, settings: Settings, example: bytes) -> None:
    secretary = visit("secretary")
    address, page = _checked(secretary, example, ANSWERED)
    secretary.send(page, path=address)
    assert list((settings.data_dir / "uploads").glob("*/*")) == []


def _with_macro() -> bytes:
    output = io.BytesIO(edited({}))
    with zipfile.ZipFile(output, "a") as book:
        book.writestr("xl/vbaProject.bin", b"macro")
    return output.getvalue()


@pytest.mark.parametrize(
    ("make", "name", "said"),
    [
        (lambda: b"\x89PNG\r\n\x1a\n" + b"1" * 50, "登记.xlsx", "这个文件其实是图片"),
        (lambda: b"", "登记.xlsx", "文件是空的"),
        (office_files.encrypted_xls, "登记.xls", "文件有密码保护"),
        (lambda: _with_macro(), "登记.xlsm", "文件里带有宏"),
        (lambda: b"%PDF-1.7", "登记.pdf", "其实是 PDF"),
    ],
    ids=["image", "empty", "encrypted", "macro", "pdf"],
)
def test_a_file_that_is_no_register_gets_a_sentence_beside_its_field(
    visit: Visit, session: Session, make: Callable[[], bytes], name: str, said: str
) -> None:
    answer = _send(visit("secretary"), make(), name, title="二〇二四年")
    assert answer.status == 422
    assert said in answer.error_at("file")
    assert answer.value_of("title") == "二〇二四年"
    assert _gifts(session) == 0


def test_a_file_of_100_megabytes_gets_a_sentence_beside_its_field(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    body = (
        f'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{secretary.token()}\r\n'
        '--x\r\nContent-Disposition: form-data; name="file"; filename="big.csv"\r\n\r\n'
    ).encode()
    body += b"2024-01-01,a,1\n" * 7_000_000 + b"\r\n--x--\r\n"
    answer = Seen(secretary.client.post(SEND, data=body, content_type="multipart/form-data; boundary=x"))
    assert answer.status == 422
    assert "文件超过 20 MB" in answer.error_at("file")
    assert _gifts(session) == 0


def test_nothing_chosen_is_said_beside_the_file(visit: Visit) -> None:
    answer = visit("secretary").submit(SEND, {})
    assert answer.error_at("file") == "请选择文件，或在下面粘贴表格中的行"


def test_rows_pasted_from_a_spreadsheet_are_checked_and_recorded(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    sent = secretary.submit(SEND, {"rows": office_files.pasted(), "title": "九月"})
    page = secretary.get(sent.location)
    assert "陈静" in page.words
    assert "九月" in page.words
    assert secretary.send(page, path=sent.location).status == 303
    assert _gifts(session) == 2


def test_pasted_rows_that_cannot_be_read_keep_what_was_pasted(visit: Visit) -> None:
    rows = "日期\t捐赠人\t金额（万元）\n2024-01-01\t王五\t3"
    answer = visit("secretary").submit(SEND, {"rows": rows})
    assert answer.status == 422
    assert "单位不是元" in answer.error_at("rows")
    assert answer.value_of("rows").strip().replace("\r\n", "\n") == rows


def test_columns_are_asked_about_on_a_page_of_their_own(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    address, page = _checked(secretary, office_files.bilingual())
    assert page.heading == "每一列是什么"
    chosen = {select_.get("name"): select_.value for select_ in page.tree.xpath("//main//select")}
    assert chosen == {
        "column-A": "date",
        "column-B": "donor",
        "column-C": "",
        "column-D": "",
        "column-E": "",
    }
    twice = secretary.get(
        address + "?column-A=date&column-B=donor&column-C=-&column-D=amount&column-E=amount"
    )
    assert any("有两列选成了同一项：金额" in one for one in twice.notices)
    short = secretary.get(address + "?column-A=date&column-B=donor&column-C=-&column-D=-&column-E=-")
    assert any("还缺：金额" in one for one in short.notices)
    answers = "?column-A=date&column-B=donor&column-C=donor_kind&column-D=amount&column-E=-"
    page = secretary.get(address + answers)
    assert page.heading == "核对登记表"
    assert secretary.send(page, path=address + answers).status == 303
    assert _gifts(session) == 1


def test_pasted_rows_without_headings_are_mapped_by_column(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    sent = secretary.submit(SEND, {"rows": "2023-10-02\t王五\t20\n2023-10-03\t王六\t30"})
    page = secretary.get(sent.location)
    assert page.heading == "每一列是什么"
    address = sent.location + "?column-A=date&column-B=donor&column-C=amount"
    assert secretary.send(secretary.get(address), path=address).status == 303
    assert _gifts(session) == 2


def test_of_several_sheets_one_is_chosen(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    address, page = _checked(secretary, two_months())
    assert page.heading == "选择工作表"
    chosen = secretary.get(f"{address}?sheet=二月")
    assert "2024-02-05" in chosen.words
    assert secretary.send(chosen, path=f"{address}?sheet=二月").status == 303
    assert _gifts(session) == 1


def test_an_answer_that_does_not_fit_is_said_and_the_page_stays(visit: Visit, example: bytes) -> None:
    secretary = visit("secretary")
    address, _ = _checked(secretary, example)
    page = secretary.get(f"{address}?split-6=even")
    assert page.status == 422
    assert "第 3 行没有写几种物品，不需要拆分" in page.error_summary
    bad_slug = secretary.get(f"{address}?purpose-0=金龙体育馆门前破损路面修缮&as-0=new&slug-0=Road!")
    assert "网址标识“road!”只能用小写字母、数字和连字符" in bad_slug.words
    assert secretary.get(f"{address}?column-A=donor&column-C=donor").heading == "每一列是什么"


def test_the_same_file_again_is_refused_beside_the_field(visit: Visit, example: bytes) -> None:
    secretary = visit("secretary")
    address, page = _checked(secretary, example, ANSWERED)
    secretary.send(page, path=address)
    answer = _send(secretary, example)
    assert answer.status == 422
    assert "这份文件已经导入过" in answer.error_at("file")


def test_the_register_is_listed_and_downloaded(visit: Visit, example: bytes) -> None:
    secretary = visit("secretary")
    address, page = _checked(secretary, example, ANSWERED)
    shown = secretary.follow(secretary.send(page, path=address))
    assert "8 笔捐赠" in shown.words
    listed = secretary.get("/office/donations/registers/")
    assert "“一米阳光”社区慈善基金捐赠登记表(2023年)" in listed.words
    (link,) = [one for one in shown.links() if one.endswith(".xlsx")]
    answer = secretary.get(link)
    assert answer.status == 200
    assert answer.response.mimetype.endswith("spreadsheetml.sheet")
    assert answer.response.get_data().startswith(b"PK")
    (file,) = [one for one in shown.links() if "/files/" in one]
    assert secretary.get(file).response.get_data() == example
    assert visit("cashier").get(link).status == 403
    assert visit("cashier").get(file).status == 404


@pytest.mark.parametrize("who", ["cashier", "council", "supervisor", "auditor", "host", "administrator"])
def test_others_may_not_import(visit: Visit, session: Session, example: bytes, who: str) -> None:
    visitor = visit(who)
    assert visitor.get(SEND).status == 403
    assert visitor.post(SEND, {"rows": "日期\t捐赠人\t金额\n2024-01-01\t王五\t3"}).status == 403
    assert _gifts(session) == 0


def test_strangers_are_asked_to_sign_in(visit: Visit) -> None:
    assert visit().get(SEND).location.startswith("/office/sign-in")


def test_a_long_register_is_shown_in_pages(visit: Visit, tmp_path: Path) -> None:
    rows = "".join(f"{number},2024-01-02,王五,{number}\n" for number in range(1, 452))
    secretary = visit("secretary")
    address, page = _checked(secretary, ("序号,日期,捐赠人,金额\n" + rows).encode(), name="登记.csv")
    assert "第 1–200 笔，共 451 笔" in page.words
    last = secretary.get(f"{address}?from=400")
    assert "第 401–451 笔，共 451 笔" in last.words
    assert len(last.tree.xpath("//section[@id='new']//tbody/tr")) == 51
