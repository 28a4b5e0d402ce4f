"""Public pages are rendered once, checked every time, and never stale."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from app.shared import clock
from app.shared.db import transaction
from app.web.caching import KeptPage, KeptPages
from tests.installation import ENGINES
from tests.visitor import Visitor

Visit = Callable[..., Visitor]


@pytest.fixture(params=ENGINES)
def engine_kind(request: pytest.FixtureRequest) -> str:
    """Both databases."""
    kind: str = request.param
    return kind


def test_second_visitor_gets_the_bytes_of_the_first(visit: Visit) -> None:
    first, second = visit().get("/counted"), visit("cashier").get("/counted")
    assert first.status == second.status == 200
    assert first.content == second.content
    assert first.headers["ETag"] == second.headers["ETag"]
    assert first.headers["Cache-Control"] == "public, max-age=0, must-revalidate"


def test_browser_that_has_the_page_is_told_so(visit: Visit) -> None:
    etag = visit().get("/counted").headers["ETag"]
    again = visit().get("/counted", If_None_Match=etag)
    assert (again.status, again.content) == (304, b"")
    assert again.headers["ETag"] == etag


def test_any_change_of_the_books_makes_a_new_page(visit: Visit, session: Session) -> None:
    before = visit().get("/counted")
    with transaction(session, books=True):
        pass
    after = visit().get("/counted", If_None_Match=before.headers["ETag"])
    assert after.status == 200
    assert after.content != before.content


def test_a_write_that_is_not_public_changes_nothing(visit: Visit, session: Session) -> None:
    before = visit().get("/counted")
    with transaction(session):
        pass
    visit("cashier")
    assert visit().get("/counted").content == before.content


def test_the_next_day_makes_a_new_page(visit: Visit) -> None:
    with clock.simulated(datetime(2023, 10, 1, 15, 59, tzinfo=UTC)) as moment:
        before = visit().get("/counted").content
        moment.set(datetime(2023, 10, 1, 16, 1, tzinfo=UTC))  # midnight has passed in Shanghai
        assert visit().get("/counted").content != before


def test_languages_fragments_and_addresses_are_pages_of_their_own(visit: Visit) -> None:
    seen = [
        visit().get("/counted"),
        visit().get("/counted", Accept_Language="en"),
        visit().get("/counted", Accept_Language="zh-TW"),
        visit().get("/counted", HX_Request="true"),
        visit().get("/counted?q=1"),
    ]
    assert len({each.content for each in seen}) == len(seen)
    assert len({each.headers["ETag"] for each in seen}) == len(seen)
    for each in seen:
        assert {"HX-Request", "Accept-Language", "Cookie"} <= set(each.headers["Vary"].split(", "))


def test_page_kept_in_another_language_is_not_confirmed(visit: Visit) -> None:
    etag = visit().get("/counted").headers["ETag"]
    assert visit().get("/counted", If_None_Match=etag, Accept_Language="en").status == 200


def test_choosing_a_language_is_remembered_and_the_kept_page_says_nothing_of_it(visit: Visit) -> None:
    visitor = visit()
    chosen = visitor.get("/counted?lang=en")
    assert "lang=en" in chosen.headers["Set-Cookie"]
    assert set(chosen.headers["Cache-Control"].split(", ")) == {"private", "max-age=0", "must-revalidate"}
    assert visitor.get("/counted?lang=en").headers["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert "Set-Cookie" not in visitor.get("/counted?lang=en").headers
    assert "lang=en" in visit().get("/counted?lang=en").headers["Set-Cookie"]
    assert visitor.get("/counted").content == visit().get("/counted", Accept_Language="en").content


def test_page_whose_books_move_while_it_is_made_is_made_of_one_state(visit: Visit) -> None:
    seen = visit().get("/overtaken")
    known, read = seen.tree.text_content().split()
    assert known == read
    again = visit().get("/overtaken?again")
    assert again.content == seen.content, "the page is of the state that the books are in now"
    assert visit().get("/overtaken", If_None_Match=seen.headers["ETag"]).status == 304


def test_streamed_answers_are_tagged_and_not_kept(visit: Visit) -> None:
    first, second = visit().get("/streamed"), visit().get("/streamed")
    assert first.headers["ETag"] == second.headers["ETag"]
    assert first.content != second.content


def test_unknown_language_is_ignored(visit: Visit) -> None:
    seen = visit().get("/counted?lang=xx")
    assert seen.status == 200
    assert "Set-Cookie" not in seen.headers


def test_office_pages_are_never_stored(visit: Visit) -> None:
    seen = visit("cashier").get("/office/")
    assert seen.headers["Cache-Control"] == "no-store"
    assert "ETag" not in seen.headers


def test_kept_pages_stay_within_their_limit() -> None:
    pages = KeptPages(limit=100)
    for number in range(20):
        pages.keep(str(number), KeptPage(b"x" * 30, "text/html"))
    assert [pages.find(str(number)) is not None for number in range(17, 20)] == [True] * 3
    assert pages.find("16") is None
    pages.find("17")
    pages.keep("new", KeptPage(b"x" * 30, "text/html"))
    assert pages.find("17") is not None
    assert pages.find("18") is None
