"""Finding gifts in the office."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from sqlalchemy.orm import Session

from app.donations import routes
from app.donations.operations import record_donations
from app.donations.rules import DonationDraft
from app.funds.queries import only_fund
from app.ledger.queries import unrestricted_earmark
from app.parties.operations import PartyDraft
from app.shared.db import transaction
from tests.donations.gifts import PLACE, give, give_goods
from tests.factories import actor, make_fund
from tests.visitor import Seen, Visitor

Visit = Callable[..., Visitor]


def _donors(seen: Seen) -> list[str]:
    return [each.text_content() for each in seen.tree.xpath("//div[@id='gift-list']//td[@class='what']//a")]


def test_empty_list_says_what_will_be_here(visit: Visit) -> None:
    assert "还没有捐赠" in visit("secretary").get(f"{PLACE}/").words


def test_gifts_are_found_by_true_name_kind_way_and_day(visit: Visit, session: Session) -> None:
    give(session, donor=PartyDraft("person", "古丽·买买提"), received_on=date(2023, 9, 20))
    give(session, donor=PartyDraft("organisation", "新疆三为"), method="cash", received_on=date(2023, 10, 2))
    give_goods(session)
    auditor = visit("auditor")
    assert _donors(auditor.get(f"{PLACE}/")) == ["老马馕店", "新疆三为", "古丽·买买提"]
    assert _donors(auditor.get(f"{PLACE}/?q=买买提")) == ["古丽·买买提"]
    assert _donors(auditor.get(f"{PLACE}/?q=馕")) == ["老马馕店"]
    assert _donors(auditor.get(f"{PLACE}/?kind=goods")) == ["老马馕店"]
    assert _donors(auditor.get(f"{PLACE}/?method=cash")) == ["新疆三为"]
    assert _donors(auditor.get(f"{PLACE}/?from=2023-10-01")) == ["新疆三为"]
    assert _donors(auditor.get(f"{PLACE}/?to=2023-09-20")) == ["老马馕店", "古丽·买买提"]
    assert "没有符合条件的捐赠" in auditor.get(f"{PLACE}/?q=没有").words


def test_filter_that_makes_no_sense_is_said_or_left_out(visit: Visit, session: Session) -> None:
    give(session)
    secretary = visit("secretary")
    answer = secretary.get(f"{PLACE}/?from=gestern&to=0203-01-01&kind=x&method=%00&before=x")
    assert answer.status == 200
    assert answer.error_at("filter-from") == "请填写日期，例如 2023-09-20"
    assert answer.error_at("filter-to") == "日期 0203-01-01 太早，请核对年份"
    assert _donors(answer) == ["古丽·买买提"]
    assert _donors(secretary.get(f"{PLACE}/?before={2**80}")) == ["古丽·买买提"]


def test_pages_join_without_gap_or_repetition(visit: Visit, session: Session) -> None:
    fund_id = only_fund(session, None).id
    count = routes.ROWS + 3
    with transaction(session, books=True):
        earmark = unrestricted_earmark(session, fund_id).id
        drafts = [
            DonationDraft(
                fund_id, date(2023, 9, 20), "cash", PartyDraft("unnamed", f"居民{number}"), earmark, number
            )
            for number in range(1, count + 1)
        ]
        record_donations(session, actor(session, "secretary"), drafts)
    secretary = visit("secretary")
    first = secretary.get(f"{PLACE}/?method=cash")
    (older,) = {link for link in first.links() if "before=" in link}
    assert "method=cash" in older
    second = secretary.get(older)
    assert _donors(first) + _donors(second) == [f"居民{number}" for number in range(count, 0, -1)]
    part = secretary.get(older, HX_Request="true")
    assert part.html.lstrip().startswith('<div id="gift-list"')


def test_list_shows_only_the_funds_own_gifts(visit: Visit, session: Session) -> None:
    own = give(session)
    with transaction(session, books=True):
        other = make_fund(session, "other", "另一个基金")
    other_id = other.id
    session.rollback()
    with transaction(session, books=True):
        secretary_of_all = actor(session, "secretary")
        draft = DonationDraft(
            only_fund(session, "other").id,
            date(2023, 9, 20),
            "cash",
            PartyDraft("person", "别的基金的人"),
            unrestricted_earmark(session, other_id).id,
            100,
        )
        secretary_of_all = type(secretary_of_all)(
            secretary_of_all.user_id,
            secretary_of_all.name,
            tuple(type(each)(each.role, None, each.term_id) for each in secretary_of_all.offices),
        )
        (foreign,) = record_donations(session, secretary_of_all, [draft])
    secretary = visit("secretary")
    assert "别的基金的人" not in secretary.get(f"{PLACE}/").words
    assert secretary.get(f"{PLACE}/{own}").status == 200
    assert secretary.get(f"{PLACE}/{foreign}").status == 404
    for act in ("words", "consent", "donor"):
        assert secretary.get(f"{PLACE}/{foreign}/{act}").status == 404
    assert visit("accountant").get(f"{PLACE}/{foreign}/reverse").status == 404
    found = secretary.submit(f"{PLACE}/record", {"donor_search": "别的基金"})
    assert "捐过" not in found.words


def test_names_are_only_for_those_who_may_read_them(visit: Visit, session: Session) -> None:
    gift_id = give(session, donor=PartyDraft("person", "古丽", contact="13900001111"))
    assert visit().get(f"{PLACE}/").location.startswith("/office/sign-in")
    for key in ("cashier", "chair", "council", "host", "administrator"):
        assert visit(key).get(f"{PLACE}/").status == 403
        assert visit(key).get(f"{PLACE}/{gift_id}").status == 403
    assert visit("secretary").client.post(f"{PLACE}/").status_code == 405
    page = visit("supervisor").get(f"{PLACE}/{gift_id}")
    assert "13900001111" in page.words
    assert not {link for link in page.links() if link.endswith(("/reverse", "/words", "/consent", "/donor"))}
