"""The 23 entries of the worked example, posted one by one by the posting rules.

The example fund loads the same from the office's workbooks; here every figure is written down where a reader can see it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from sqlalchemy.orm import Session

from app.funds.models import Fund
from app.goods.operations import GoodsDraft, plan_out, receive_goods, take_out
from app.ledger import queries as ledger
from app.ledger import rules as posting
from app.ledger.operations import Posted, post_entries
from app.ledger.rules import EntryDraft, PostingDraft, TrancheDraft
from app.ledger.tracing.operations import hold, plan_use_of_holds
from app.ledger.treasury.operations import create_earmark, project_for, transfer_money
from app.parties.operations import PartyDraft, record_parties
from app.parties.rules import ConsentDraft
from app.shared import clock
from app.shared.permissions import Actor, Office, Role
from tests import factories

ACTOR = Actor(
    None,
    "测试",
    tuple(Office(role, None, term_id=0) for role in Role),
)
NOTICE = "示例数据：两笔单位捐赠、晚会总额与修路用途来自公开报道，其余均为演示所设"
ROAD = "金龙体育馆门前破损路面修缮"
WINTER = "辖区孤寡老人冬季慰问"

# item, pieces, unit, value in fen, donor kind, donor as the register names it
GOODS = (
    ("馕", 300, "个", 90_000, "sole_trader", "某馕店"),
    ("儿童图书", 40, "册", 20_000, "unnamed", "爱心居民"),
    ("儿童玩具", 12, "件", 24_000, "unnamed", "辖区职工"),
    ("商户优惠券", 20, "张", 40_000, "unnamed", "某商户"),
    ("衣帽", 15, "件", 30_000, "unnamed", "爱心居民"),
    ("鞋子", 6, "双", 18_000, "unnamed", "爱心居民"),
)
# lot, name, index into GOODS, pieces, way of sale, way of payment, proceeds in fen
LOTS = (
    ("A01", "馕", 0, 180, "charity_sale", "wechat", 54_000),
    ("A02", "馕（十个装）", 0, 120, "charity_sale", "cash", 30_000),
    ("B01", "儿童图书", 1, 28, "charity_sale", "wechat", 14_000),
    ("B02", "儿童图书（套装）", 1, 12, "charity_auction", "wechat", 8_000),
    ("C01", "儿童玩具", 2, 9, "charity_sale", "cash", 13_500),
    ("D01", "商户优惠券", 3, 10, "charity_sale", "wechat", 12_000),
    ("D02", "商户优惠券（五张）", 3, 5, "charity_auction", "wechat", 7_000),
    ("E01", "衣帽", 4, 8, "charity_sale", "cash", 12_000),
    ("E02", "手工围巾", 4, 1, "charity_auction", "wechat", 10_000),
    ("F01", "鞋子", 5, 2, "charity_sale", "cash", 4_000),
)


@dataclass
class Example:
    """Where things are in the example."""

    session: Session
    fund: Fund
    numbers: dict[str, int] = field(default_factory=dict)


def load(session: Session, fund: Fund, *, upto: date = date(2023, 12, 31)) -> Example:
    """Post the example's entries dated up to ``upto``, inside a running transaction(books=True)."""
    example = Example(session, fund)
    with clock.simulated(factories.simulated_start()) as moment:
        fund.example_notice = NOTICE
        create_earmark(session, ACTOR, fund.id, "road", ROAD, "restricted")
        for day, step in (
            (date(2023, 9, 18), _road_gift),
            (date(2023, 9, 20), _free_gift),
            (date(2023, 9, 27), _goods),
            (date(2023, 9, 28), _gala),
            (date(2023, 9, 29), _deposits),
            (date(2023, 11, 15), _winter),
            (date(2023, 11, 20), _road),
        ):
            if day <= upto:
                moment.set_local(day)
                step(example, day)
    return example


def post(example: Example, name: str, draft: EntryDraft) -> Posted:
    """Post one entry and remember its number under ``name``."""
    (posted,) = post_entries(example.session, ACTOR, [draft])
    example.numbers[name] = posted.number
    return posted


def gift(
    example: Example,
    name: str,
    day: date,
    minor: int,
    *,
    earmark: str | None = None,
    donor: PartyDraft | None = None,
    line: str | None = None,
    kind: str = "donation",
    account: str = "bank",
    description: str = "捐款",
) -> Posted:
    """A gift of money."""
    session, fund = example.session, example.fund
    purpose = _earmark(example, earmark)
    party = record_parties(session, ACTOR, [donor])[0] if donor else None
    draft = EntryDraft(
        fund_id=fund.id,
        kind=kind,
        occurred_on=day,
        postings=posting.donation_postings(
            ledger.money_account_of_kind(session, fund.id, account), purpose, minor, line
        ),
        source_type="donation",
        source_id=0,
        description=description,
        party=party.public_name if party else "",
        party_id=party.id if party else None,
        party_name=party.name if party else "",
        opens=TrancheDraft(purpose.id, minor, day),
    )
    return post(example, name, draft)


def goods_gift(example: Example, name: str, day: date, index: int) -> Posted:
    """A gift in kind of one line of GOODS."""
    session, fund = example.session, example.fund
    item, pieces, unit, value, kind, donor = GOODS[index]
    purpose = ledger.unrestricted_earmark(session, fund.id)
    party = record_parties(session, ACTOR, [PartyDraft(kind, donor)])[0]
    draft = EntryDraft(
        fund_id=fund.id,
        kind="goods_received",
        occurred_on=day,
        postings=posting.goods_received_postings(purpose, value),
        source_type="donation",
        source_id=index + 3,
        description=f"捐赠物资：{item} {pieces} {unit}",
        party=party.public_name,
        party_id=party.id,
        party_name=party.name,
    )
    posted = post(example, name, draft)
    lines = receive_goods(
        session,
        [GoodsDraft(item, pieces, unit, value)],
        fund_id=fund.id,
        earmark_id=purpose.id,
        source_type="donation",
        source_id=index + 3,
        entry_number=posted.number,
        received_on=day,
    )
    example.numbers[f"goods-{index}"] = lines[0].id
    return posted


def sale(example: Example, day: date, lot: tuple[str, str, int, int, str, str, int]) -> Posted:
    """One lot sold."""
    session, fund = example.session, example.fund
    number, name, index, pieces, line, way, proceeds = lot
    purpose = ledger.unrestricted_earmark(session, fund.id)
    goods = example.numbers[f"goods-{index}"]
    cost = plan_out(session, goods, pieces)
    draft = EntryDraft(
        fund_id=fund.id,
        kind="sale",
        occurred_on=day,
        postings=posting.sale_postings(
            ledger.money_account_of_kind(session, fund.id, way), purpose, proceeds, cost, line
        ),
        source_type="lot",
        source_id=index,
        description=f"{number} {name}",
        opens=TrancheDraft(purpose.id, proceeds, day),
    )
    posted = post(example, number, draft)
    take_out(
        session, goods, pieces, cost, "sold", entry_number=posted.number, source_type="lot", source_id=index
    )
    return posted


def payment(
    example: Example,
    name: str,
    day: date,
    minor: int,
    spending_kind: str,
    project: str,
    *,
    earmark: str | None = None,
    source_id: int = 1,
    accepted: bool = True,
) -> Posted:
    """A request approved and paid on one day."""
    session, fund = example.session, example.fund
    purpose = _earmark(example, earmark)
    hold(session, "disbursement", source_id, purpose.id, minor)
    where = project_for(session, ACTOR, fund, project)
    draft = EntryDraft(
        fund_id=fund.id,
        kind="payment",
        occurred_on=day,
        postings=posting.payment_postings(
            ledger.money_account_of_kind(session, fund.id, "bank"),
            purpose,
            minor,
            spending_kind,
            accepted=accepted,
            project_id=where.id,
        ),
        source_type="disbursement",
        source_id=source_id,
        description=project,
        movements=plan_use_of_holds(session, "disbursement", source_id, minor, day),
    )
    return post(example, name, draft)


def entry(
    example: Example, name: str, kind: str, day: date, postings: list[PostingDraft], **more: object
) -> Posted:
    """Any other entry, from postings made by the rules."""
    draft = EntryDraft(
        fund_id=example.fund.id,
        kind=kind,
        occurred_on=day,
        postings=postings,
        source_type="test",
        source_id=0,
        description=name,
        **more,  # type: ignore[arg-type]
    )
    return post(example, name, draft)


def _earmark(example: Example, slug: str | None):  # type: ignore[no-untyped-def]
    earmarks = ledger.earmarks_of(example.session, example.fund.id)
    return earmarks[0] if slug is None else next(each for each in earmarks if each.slug == slug)


def _road_gift(example: Example, day: date) -> None:
    donor = PartyDraft(
        "organisation", "中国石油克拉玛依石化有限责任公司", ConsentDraft("named", "登记表", "")
    )
    gift(example, "road gift", day, 35_000_000, earmark="road", donor=donor, description=f"定向捐赠：{ROAD}")


def _free_gift(example: Example, day: date) -> None:
    donor = PartyDraft("organisation", "新疆三为工程建设有限公司", ConsentDraft("named", "登记表", ""))
    gift(example, "free gift", day, 500_000, donor=donor)


def _goods(example: Example, day: date) -> None:
    for index in range(len(GOODS)):
        goods_gift(example, f"gift {index + 3}", day, index)


def _gala(example: Example, day: date) -> None:
    for lot in LOTS:
        sale(example, day, lot)
    gift(example, "box", day, 3_000, line="donation_box", kind="box", account="cash", description="募捐箱")


def _deposits(example: Example, day: date) -> None:
    session, fund_id = example.session, example.fund.id
    bank = ledger.money_account_of_kind(session, fund_id, "bank")
    for way, minor in (("cash", 62_500), ("wechat", 105_000)):
        source = ledger.money_account_of_kind(session, fund_id, way)
        (moved,) = transfer_money(session, ACTOR, source, bank, minor, day)
        example.numbers[f"{way} to bank"] = moved.number


def _winter(example: Example, day: date) -> None:
    payment(example, "winter", day, 600_000, "goods_purchase", WINTER, source_id=2)


def _road(example: Example, day: date) -> None:
    payment(example, "road", day, 35_000_000, "project_works", ROAD, earmark="road", source_id=1)
