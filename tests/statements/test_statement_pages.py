"""The list of statements, a statement on screen, and the office's way of issuing one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy.orm import Session

from app.documents.queries import document
from app.shared import clock
from app.shared.db import transaction
from app.statements import routes
from tests.statements.worked_example import Example, gift
from tests.visitor import Seen, Visitor

Visit = Callable[..., Visitor]
AUTUMN = {"preset": "custom", "first": "2023-09-01", "last": "2023-12-31"}


def choose(visitor: Visitor, fields: dict[str, str] | None = None) -> Seen:
    """Choose a period and see the page that asks for confirmation."""
    return visitor.follow(visitor.submit("/office/statements", fields or AUTUMN))


def confirm(visitor: Visitor, note: str | None = None) -> Seen:
    """Issue the example's four months."""
    address = "/office/statements/issue?first=2023-09-01&last=2023-12-31"
    return visitor.submit(address, {} if note is None else {"correction_note": note})


@pytest.fixture
def number() -> str:
    """The number of the first document of this year."""
    return f"{clock.today().year}-01"


@pytest.fixture(autouse=True)
def unprinted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the printing to the tests of the PDF; it takes a second each time."""
    monkeypatch.setattr(routes, "PRINTED_AT_ONCE", 0)


def rows_of(seen: Seen) -> dict[str, list[str]]:
    """The rows of the page's statement tables: label → cells."""
    found: dict[str, list[str]] = {}
    for row in seen.tree.xpath("//table[@class='statement']//tbody/tr[td]"):
        label = " ".join(row.xpath("./th")[0].text_content().split())
        found.setdefault(label, [cell.text_content().strip() for cell in row.xpath("./td")])
    return found


def test_accountant_issues_and_everyone_reads(visit: Visit, example: Example, number: str) -> None:
    assert "还没有签发报表" in visit().get("/statements").words
    accountant = visit("accountant")
    preview = choose(accountant)
    assert "356,675.00" in preview.words
    done = accountant.follow(accountant.send(preview, {}))
    assert f"已签发 {number}" in done.html
    listed = visit().get("/statements")
    assert f"/statements/{number}?version=1" in listed.links()
    seen = visit().get(f"/statements/{number}")
    assert seen.status == 200
    rows = rows_of(seen)
    assert rows["收入合计"] == ["6,675.00", "350,000.00", "356,675.00"]
    assert rows["支出合计"] == ["6,000.00", "350,000.00", "356,000.00"]
    assert rows["六、期末结余"] == ["675.00", "0.00", "675.00"]
    assert rows["募捐箱"] == ["30.00", "", "30.00"]
    assert rows["库存捐赠物资（18 件，估值）"] == ["400.00"]
    assert rows["会计收入"] == ["8,895.00", "350,000.00", "358,895.00"]
    assert rows["会计费用"] == ["7,820.00", "350,000.00", "357,820.00"]
    assert rows["净资产变动额"] == ["1,075.00", "0.00", "1,075.00"]
    assert "按 2026 年起施行的制度格式编制" in seen.words
    assert "非法定财务报表" in seen.words


def test_second_confirmation_gives_the_same_document(visit: Visit, example: Example, number: str) -> None:
    accountant = visit("accountant")
    preview = choose(accountant)
    for _ in range(2):
        done = accountant.follow(accountant.send(preview, {}))
        assert f"已签发 {number}" in done.html
    assert len(visit().get("/statements").tree.xpath("//main//tbody/tr")) == 1
    again = choose(accountant)
    assert "已经签发，数字没有变化" in again.words
    assert again.forms() == []


def test_correction_asks_for_a_note_and_keeps_the_old_version(
    visit: Visit, session: Session, example: Example, number: str
) -> None:
    accountant = visit("accountant")
    confirm(accountant)
    with transaction(session, books=True):
        gift(example, "late", date(2023, 12, 30), 1_000)
    refused = confirm(accountant, "")
    assert refused.status == 422
    assert "请写明更正说明" in refused.error_at("correction_note")
    confirm(accountant, "补记一笔现金捐款")
    newest, oldest = visit().get(f"/statements/{number}"), visit().get(f"/statements/{number}?version=1")
    assert rows_of(newest)["六、期末结余"] == ["685.00", "0.00", "685.00"]
    assert "补记一笔现金捐款" in newest.words
    assert rows_of(oldest)["六、期末结余"] == ["675.00", "0.00", "675.00"]
    assert "这是旧版，已有更正" in oldest.words


@pytest.mark.parametrize(
    ("fields", "at", "sentence"),
    [
        ({"first": "2023-12-01", "last": "2023-11-30"}, "last", "截止日期不能早于开始日期"),
        ({"first": "", "last": "2023-11-30"}, "first", "请填写日期"),
        ({"first": "2023-09-31", "last": "2023-11-30"}, "first", "请填写日期，例如 2023-09-20"),
        ({"first": "0203-09-01", "last": "2023-11-30"}, "first", "太早"),
        ({"first": "2023-09-01", "last": "2999-11-30"}, "last", "在未来"),
    ],
)
def test_wrong_period_is_said_beside_its_field(
    visit: Visit, example: Example, fields: dict[str, str], at: str, sentence: str
) -> None:
    seen = visit("accountant").submit("/office/statements", {"preset": "custom", **fields})
    assert seen.status == 422
    assert sentence in seen.error_at(at)
    assert seen.value_of("last") == fields["last"]


def test_days_that_were_typed_count_though_the_list_stands_at_a_month(visit: Visit, example: Example) -> None:
    accountant = visit("accountant")
    opened = accountant.get("/office/statements")
    days = {"first": "2023-09-01", "last": "2023-12-31"}
    page = accountant.follow(accountant.send(opened, days, path="/office/statements"))
    assert "2023-09-01 至 2023-12-31" in page.words
    half = accountant.send(opened, {"first": "2023-09-01"}, path="/office/statements")
    assert (half.status, half.error_at("last")) == (422, "请填写日期")


def test_months_quarters_and_years_are_offered(visit: Visit, example: Example) -> None:
    accountant = visit("accountant")
    options = dict.fromkeys(
        option.text_content() for option in accountant.get("/office/statements").tree.xpath("//option")
    )
    today = clock.today()
    assert f"{today.year - 1} 年 12 月" in options
    assert f"{today.year - 1} 年第 4 季度" in options
    assert "2023 年" in options
    year = choose(accountant, {"preset": "2023-01-01/2023-12-31"})
    assert "2023-01-01 至 2023-12-31" in year.words


def test_period_in_the_future_cannot_be_forced(visit: Visit, example: Example) -> None:
    accountant = visit("accountant")
    assert accountant.get("/office/statements/issue?first=2023-09-01&last=2999-12-31").status == 422
    for wrong in ("?first=2023-12-01&last=2023-11-01", "?first=x&last=y", ""):
        assert accountant.get(f"/office/statements/issue{wrong}").status == 404


def test_stranger_and_wrong_office_are_kept_out(visit: Visit, example: Example) -> None:
    for path in ("/office/statements", "/office/statements/issue?first=2023-09-01&last=2023-12-31"):
        assert visit().get(path).location.startswith("/office/sign-in")
        assert visit("cashier").get(path).status == 403
        assert visit("cashier").post(path).status == 403
    assert visit().post("/statements").status == 405


def test_unknown_documents_are_not_found(visit: Visit, example: Example, number: str) -> None:
    confirm(visit("accountant"))
    stranger = visit()
    for path in (
        "2026-77",
        "2026-77.pdf",
        "2026-77.json",
        f"{number}?version=9",
        "..%2F..%2Fdata.key.pdf",
        "2026-01x",
        "2026-1" + "0" * 40,
    ):
        assert stranger.get(f"/statements/{path}").status == 404, path


def test_json_is_what_the_hash_was_taken_of(
    visit: Visit, session: Session, example: Example, number: str
) -> None:
    confirm(visit("accountant"))
    body = visit().get(f"/statements/{number}.json").response.data
    assert hashlib.sha256(body).hexdigest() == document(session, number).figures_sha256
    assert json.loads(body)["annex_totals"] == {"count": 23, "in_minor": 35_667_500, "out_minor": 35_600_000}


def test_pages_answer_304_to_who_has_them(visit: Visit, example: Example, number: str) -> None:
    confirm(visit("accountant"))
    stranger = visit()
    for path in ("/statements", f"/statements/{number}"):
        etag = stranger.get(path).headers["ETag"]
        assert stranger.get(path, If_None_Match=etag).status == 304


def test_statements_read_the_same_numbers_in_english(visit: Visit, example: Example, number: str) -> None:
    confirm(visit("accountant"))
    stranger = visit()
    chinese = list(rows_of(stranger.get(f"/statements/{number}?lang=zh_Hans")).values())
    english = list(rows_of(stranger.get(f"/statements/{number}?lang=en")).values())
    assert sorted(chinese) == sorted(english)
