"""A stranger filters the ledger: by address or by form, with JavaScript or without."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy.orm import Session

from app.donations.operations import record_donations
from app.donations.rules import DonationDraft
from app.parties.operations import PartyDraft
from app.shared import clock
from app.shared.db import transaction
from tests import factories
from tests.disbursements import scenes
from tests.public import reading
from tests.public.conftest import Town
from tests.visitor import Visitor

ALL = [23, 22, 21, 20, 19, 8, 7, 6, 5, 4, 3, 2, 1]
"""The example's rows: the gala's entries 9 to 19 are one row."""

FILTERS: dict[str, tuple[list[int], str]] = {
    "": (ALL, "共 13 笔 收 356,675.00 支 356,000.00 结余 675.00"),
    "fund=yimi-yangguang": (ALL, "共 13 笔 收 356,675.00 支 356,000.00 结余 675.00"),
    "earmark=road": ([23, 1], "共 2 笔 收 350,000.00 支 350,000.00 结余 0.00"),
    "earmark=yimi-yangguang-unrestricted": (
        [22, 21, 20, 19, 8, 7, 6, 5, 4, 3, 2],
        "共 11 笔 收 6,675.00 支 6,000.00 结余 675.00",
    ),
    "direction=in": ([19, 2, 1], "共 3 笔 收 356,675.00 支 0.00"),
    "direction=out": ([23, 22], "共 2 笔 收 0.00 支 356,000.00"),
    "direction=move": ([21, 20], "共 2 笔 收 0.00 支 0.00"),
    "direction=goods": ([8, 7, 6, 5, 4, 3], "共 6 笔 收 0.00 支 0.00"),
    "kind=payment": ([23, 22], "共 2 笔 收 0.00 支 356,000.00"),
    "kind=donation": ([2, 1], "共 2 笔 收 355,000.00 支 0.00"),
    "kind=payment&direction=in": ([], ""),
    "from=2023-09-28&to=2023-09-28": ([19], "共 1 笔 收 1,675.00 支 0.00 结余 356,675.00"),
    "to=2023-09-20": ([2, 1], "共 2 笔 收 355,000.00 支 0.00 结余 355,000.00"),
    "from=2023-11-01&to=2023-11-30": ([23, 22], "共 2 笔 收 0.00 支 356,000.00 结余 675.00"),
    "from=2023年11月16日": ([23], "共 1 笔 收 0.00 支 350,000.00 结余 675.00"),
    "earmark=road&to=2023-11-19": ([1], "共 1 笔 收 350,000.00 支 0.00 结余 350,000.00"),
    "earmark=yimi-yangguang-unrestricted&to=2023-11-14": (
        [21, 20, 19, 8, 7, 6, 5, 4, 3, 2],
        "共 10 笔 收 6,675.00 支 0.00 结余 6,675.00",
    ),
    "min=6,000": ([23, 22, 1], "共 3 笔 收 350,000.00 支 356,000.00"),
    "min=300&max=900": ([20, 7, 6, 3], "共 4 笔 收 0.00 支 0.00"),
    "max=5000元&direction=in": ([19, 2], "共 2 笔 收 6,675.00 支 0.00"),
    "after=21": ([20, 19, 8, 7, 6, 5, 4, 3, 2, 1], "共 13 笔 收 356,675.00 支 356,000.00 结余 675.00"),
}


@pytest.mark.parametrize("query", FILTERS)
def test_filter_gives_rows_and_totals(town: Town, query: str) -> None:
    numbers, sentence = FILTERS[query]
    page = town.get(f"/ledger?{query}")
    assert page.status == 200
    links = page.tree.xpath("//table[contains(@class, 'ledger')]//td[2]//a/@href")
    assert [19 if "/sales/" in link else int(link.rpartition("/")[2]) for link in links] == numbers
    if numbers:
        assert reading.totals(page) == sentence
    else:
        assert "没有符合条件的记录" in page.words


@pytest.mark.parametrize("word", ["singlemessage", "groupmessage", "timeline"])
def test_address_passed_on_in_wechat_opens_what_was_meant(town: Town, word: str) -> None:
    for query, seen in (
        (f"from={word}&isappinstalled=0", ""),
        (f"earmark=road&from={word}", "earmark=road"),
        (f"from=2023-11-01&to=2023-11-30&from={word}", "from=2023-11-01&to=2023-11-30"),
    ):
        page = town.get(f"/ledger?{query}")
        assert (page.status, reading.totals(page)) == (200, FILTERS[seen][1])
        assert word not in page.words
        assert town.get(f"/ledger.json?{query}").status == 200


def test_only_the_words_of_wechat_are_ignored(town: Town) -> None:
    for query in ("from=singlemessages", "to=singlemessage", "from=Timeline"):
        assert town.get(f"/ledger?{query}").status == 422


BAD = {
    "from=yesterday": ("filter-from", "“yesterday”不是日期，请写成 2023-09-27 这样"),
    "from=2023-02-30": ("filter-from", "没有“2023-02-30”这一天"),
    "to=0203-09-20": ("filter-to", "“0203-09-20”的年份不对"),
    "from=2023-12-01&to=2023-11-01": ("filter-to", "结束日期不能早于开始日期 2023-12-01"),
    "min=abc": ("filter-min", "“abc”不是金额，请写成 1234.50 这样的数字"),
    "max=-5": ("filter-max", "“-5”：金额不能是负数"),
    "min=12.345": ("filter-min", "“12.345”：金额只能精确到分，最多两位小数"),
    "min=200&max=100": ("filter-max", "最高金额不能低于最低金额 200.00 元"),
    "q=" + "长" * 61: ("filter-q", "搜索的文字最多 60 个字"),
}


@pytest.mark.parametrize("query", BAD)
def test_wrong_input_is_named_beside_its_field_and_kept(town: Town, query: str) -> None:
    field, sentence = BAD[query]
    page = town.get(f"/ledger?{query}&earmark=road")
    assert page.status == 422
    assert page.error_at(field) == sentence
    name, _, typed = query.partition("=")
    assert page.tree.xpath(f"//input[@id='filter-{name}']/@value") == [typed.partition("&")[0]]
    assert page.tree.xpath("//select[@name='earmark']/option[@selected]/@value") == ["road"]
    assert reading.lines(page) == []


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("fund=nobody", "没有“nobody”这个基金"),
        ("earmark=nothing", "没有“nothing”这个用途"),
        ("kind=magic", "没有“magic”这个类别"),
        ("direction=sideways", "收支方向只能是 in、out、move 或 goods"),
        ("after=x", "“x”不是序号，请去掉网址里的这一项"),
    ],
)
def test_wrong_choice_in_the_address_is_a_sentence(town: Town, query: str, sentence: str) -> None:
    page = town.get(f"/ledger?{query}")
    assert page.status == 422
    assert any(sentence in each for each in page.notices)


def test_htmx_gets_the_table_only_and_wrong_input_goes_to_the_form(town: Town) -> None:
    part = town.get("/ledger?q=体育馆", HX_Request="true")
    assert part.status == 200
    assert part.html.lstrip().startswith('<div id="ledger-rows">')
    assert "<form" not in part.html
    assert len(reading.lines(part)) == 2
    wrong = town.get("/ledger?min=abc", HX_Request="true")
    assert wrong.status == 422
    assert wrong.headers["HX-Retarget"] == "#ledger-filters"
    assert "ledger-rows" not in wrong.html
    assert wrong.error_at("filter-min")
    assert "HX-Request" in wrong.headers["Vary"]


def test_form_is_a_plain_get_form_that_asks_for_the_same(town: Town) -> None:
    page = town.get("/ledger?earmark=road&min=10")
    form = page.tree.xpath("//main//form")[0]
    assert (form.get("method"), form.get("action")) == ("get", "/ledger")
    kept = {name: value for name, value in form.form_values() if value}
    assert kept == {"earmark": "road", "min": "10"}
    assert page.tree.xpath("//form//details/@open"), "conditions that are set are not folded away"
    files = page.tree.xpath("//p[@class='downloads']/a/@href")
    assert files == [f"/ledger.{kind}?earmark=road&min=10" for kind in ("csv", "xlsx", "json")]


def _give(session: Session, count: int) -> None:
    fund, earmark = scenes.fund_id(session), scenes.unrestricted(session)
    with clock.simulated(factories.simulated_start()) as moment, transaction(session, books=True):
        moment.set_local(date(2023, 10, 1))
        record_donations(
            session,
            factories.actor(session, "secretary"),
            [
                DonationDraft(
                    fund,
                    date(2023, 9, 1 + place % 30),
                    "bank",
                    PartyDraft("unnamed", "爱心居民"),
                    earmark,
                    amount_minor=100 + place,
                )
                for place in range(count)
            ],
        )


def test_pages_of_fifty_show_each_entry_once_newest_first(
    session: Session, visit: Callable[..., Visitor]
) -> None:
    _give(session, 120)
    stranger = visit()
    seen: list[int] = []
    page = stranger.get("/ledger")
    assert not page.tree.xpath("//a[@rel='prev']")
    pages = [page]
    while True:
        seen += reading.numbers(page)
        older = page.tree.xpath("//a[@rel='next']/@href")
        if not older:
            break
        page = stranger.get(older[0])
        pages.append(page)
    assert [len(reading.numbers(each)) for each in pages] == [50, 50, 20]
    assert seen == list(range(120, 0, -1))
    newer = pages[2].tree.xpath("//a[@rel='prev']/@href")[0]
    assert reading.numbers(stranger.get(newer)) == reading.numbers(pages[1])
    back = pages[1].tree.xpath("//a[@rel='prev']/@href")[0]
    assert back == "/ledger"
    assert "/ledger" in pages[2].tree.xpath("//p[@class='first-page']/a/@href")
    assert reading.totals(pages[1]) == reading.totals(pages[0])


def test_filter_stays_when_the_page_is_turned(session: Session, visit: Callable[..., Visitor]) -> None:
    _give(session, 120)
    stranger = visit()
    page = stranger.get("/ledger?min=1.5&from=2023-09-03")
    older = page.tree.xpath("//a[@rel='next']/@href")[0]
    assert "min=1.5" in older
    assert "from=2023-09-03" in older
    first, second = reading.numbers(page), reading.numbers(stranger.get(older))
    expected = [n for n in range(120, 0, -1) if 100 + n - 1 >= 150 and (n - 1) % 30 >= 2]
    assert first + second == expected[: len(first + second)]
    assert len(first) == 50
    assert reading.totals(stranger.get(older)) == reading.totals(page)
    assert "没有更早的记录了" in stranger.get("/ledger?after=1").words
