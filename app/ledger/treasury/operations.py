"""A fund's earmarks, projects and money accounts; opening balances, interest, subsidies, fees, transfers; closing months."""

from __future__ import annotations

import re
from datetime import date

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from app.funds.models import Fund
from app.ledger import accounts as chart
from app.ledger import queries, rules
from app.ledger.models import JournalEntry, PeriodState, Pool
from app.ledger.operations import Posted, post_entries
from app.ledger.rules import EntryDraft, PostingDraft, TrancheDraft
from app.ledger.structure.models import Earmark, MoneyAccount, Project
from app.ledger.tracing.operations import plan_direct_use
from app.log.operations import LeafDraft, append
from app.shared import clock
from app.shared.audit import record
from app.shared.errors import N_, Conflict, Refused
from app.shared.money import Money
from app.shared.permissions import Actor, Permission

_SLUG = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")


def open_fund_books(session: Session, actor: Actor, fund: Fund) -> Earmark:
    """The unrestricted earmark and the usual money accounts (bank, cash, WeChat, Alipay) of a new fund."""
    earmark = create_earmark(
        session, actor, fund.id, f"{fund.slug}-unrestricted", N_("非限定"), "unrestricted"
    )
    for kind, name in chart.MONEY_ACCOUNT_NAMES.items():
        open_money_account(session, actor, fund.id, kind, name)
    return earmark


def create_earmark(
    session: Session, actor: Actor, fund_id: int, slug: str, name: str, restriction: str
) -> Earmark:
    """A purpose that binds money, with its empty pool. Raises Refused for a used or malformed slug or a used name."""
    _require_slug(slug)
    if session.scalar(select(Earmark.id).where(Earmark.slug == slug)) is not None:
        raise Refused(N_("网址标识“%(slug)s”已有用途在用"), field="slug", slug=slug)
    if not name.strip():
        raise Refused(N_("请填写用途名称"), field="name")
    if queries.earmark_named(session, fund_id, name.strip()) is not None:
        raise Refused(N_("已有同名的用途"), field="name")
    if restriction == "unrestricted" and (
        session.scalar(select(func.count()).select_from(Earmark).where(Earmark.fund_id == fund_id)) or 0
    ):
        raise Refused(N_("每个基金只有一个非限定用途"), field="restriction")
    earmark = Earmark(
        fund_id=fund_id, slug=slug, name=name.strip(), restriction=restriction, created_at=clock.now()
    )
    session.add(earmark)
    session.flush()
    session.execute(
        insert(Pool), [{"earmark_id": earmark.id, "fund_id": fund_id, "held_minor": 0, "reserved_minor": 0}]
    )
    append(
        session,
        [
            LeafDraft(
                "earmark", earmark.id, {"fund": fund_id, "restriction": restriction}, {"name": earmark.name}
            )
        ],
    )
    record(session, actor.user_id, "create_earmark", "earmark", earmark.id, slug=slug)
    return earmark


def close_earmark(session: Session, actor: Actor, earmark_id: int) -> Earmark:
    """End a purpose whose money is used: nothing more is given to it or asked of it.

    Raises Refused for the unrestricted one and while money is held, Conflict when it was ended before.
    """
    earmark = queries.earmark(session, earmark_id)
    actor.require(Permission.BOOKS_POST, earmark.fund_id)
    if earmark.restriction == "unrestricted":
        raise Refused(N_("非限定用途不能结束"))
    if earmark.closed_on is not None:
        raise Conflict(N_("这个用途已经结束了"))
    held = next(
        pool.held_minor
        for pool in queries.pools_of(session, earmark.fund_id)
        if pool.earmark_id == earmark.id
    )
    if held:
        raise Refused(N_("还有 %(held)s 元没有用完，用完或变更用途以后才能结束"), held=Money(held))
    earmark.closed_on = clock.today()
    session.flush()
    on = earmark.closed_on.isoformat()
    append(session, [LeafDraft("earmark_closed", earmark.id, {"fund": earmark.fund_id, "on": on})])
    record(session, actor.user_id, "close_earmark", "earmark", earmark.id)
    return earmark


def create_project(session: Session, actor: Actor, fund_id: int, slug: str, name: str) -> Project:
    """Something that money is spent on. Raises Refused for a used or malformed slug or a used name."""
    _require_slug(slug)
    if session.scalar(select(Project.id).where(Project.slug == slug)) is not None:
        raise Refused(N_("网址标识“%(slug)s”已有项目在用"), field="slug", slug=slug)
    if queries.project_named(session, fund_id, name.strip()) is not None:
        raise Refused(N_("已有同名的项目"), field="name")
    project = Project(fund_id=fund_id, slug=slug, name=name.strip(), created_at=clock.now())
    session.add(project)
    session.flush()
    append(session, [LeafDraft("project", project.id, {"fund": fund_id}, {"name": project.name})])
    record(session, actor.user_id, "create_project", "project", project.id, slug=slug)
    return project


def project_for(session: Session, actor: Actor, fund: Fund, name: str) -> Project:
    """The fund's project of this name, created when it is new."""
    found = queries.project_named(session, fund.id, name.strip())
    if found is not None:
        return found
    count = session.scalar(select(func.count()).select_from(Project).where(Project.fund_id == fund.id)) or 0
    return create_project(session, actor, fund.id, f"{fund.slug}-project-{count + 1}", name)


def open_money_account(session: Session, actor: Actor, fund_id: int, kind: str, name: str) -> MoneyAccount:
    """A bank account, cash box, WeChat or Alipay wallet of the host. Raises Refused for an unknown kind or a used name."""
    if kind not in chart.MONEY_ACCOUNT_CODE:
        raise Refused(N_("没有这种资金账户"), field="kind")
    if session.scalar(
        select(MoneyAccount.id).where(MoneyAccount.fund_id == fund_id, MoneyAccount.name == name)
    ):
        raise Refused(N_("已有同名的资金账户"), field="name")
    account = MoneyAccount(
        fund_id=fund_id,
        kind=kind,
        name=name,
        account_code=chart.MONEY_ACCOUNT_CODE[kind],
        created_at=clock.now(),
    )
    session.add(account)
    session.flush()
    body = {"fund": fund_id, "account": account.account_code}
    append(session, [LeafDraft("money_account", account.id, body, {"name": account.name})])
    record(session, actor.user_id, "open_money_account", "money_account", account.id, kind=kind)
    return account


def record_opening(
    session: Session,
    actor: Actor,
    account: MoneyAccount,
    earmark: Earmark,
    amount_minor: int,
    occurred_on: date,
    *,
    donor_name: str = "",
    key: str | None = None,
) -> Posted:
    """Money of an earmark that was there before this system began, with the named donor where known."""
    draft = _draft(N_("期初余额"), "opening", earmark, occurred_on, account, amount_minor, key)
    draft.postings = rules.opening_postings(account, earmark, amount_minor)
    draft.party_name = donor_name
    return _post_income(session, actor, draft, amount_minor, key)


def record_interest(
    session: Session,
    actor: Actor,
    account: MoneyAccount,
    amount_minor: int,
    occurred_on: date,
    *,
    earmark: Earmark | None = None,
    key: str | None = None,
) -> Posted:
    """Interest credited; unrestricted unless a donor's agreement says otherwise."""
    earmark = earmark or queries.unrestricted_earmark(session, account.fund_id)
    draft = _draft(N_("利息收入"), "interest", earmark, occurred_on, account, amount_minor, key)
    draft.postings = rules.interest_postings(account, earmark, amount_minor)
    return _post_income(session, actor, draft, amount_minor, key)


def record_subsidy(
    session: Session,
    actor: Actor,
    account: MoneyAccount,
    earmark: Earmark,
    amount_minor: int,
    occurred_on: date,
    *,
    description: str = "",
    key: str | None = None,
) -> Posted:
    """A government subsidy received."""
    draft = _draft(description or N_("政府补助"), "subsidy", earmark, occurred_on, account, amount_minor, key)
    draft.postings = rules.subsidy_postings(account, earmark, amount_minor)
    return _post_income(session, actor, draft, amount_minor, key)


def record_fee(
    session: Session,
    actor: Actor,
    account: MoneyAccount,
    amount_minor: int,
    occurred_on: date,
    *,
    earmark: Earmark | None = None,
    description: str = "",
    key: str | None = None,
) -> Posted:
    """A charge taken by a bank or wallet, out of unreserved money of the earmark. Raises Refused when only reserved is left."""
    earmark = earmark or queries.unrestricted_earmark(session, account.fund_id)
    actor.require(Permission.BOOKS_POST, account.fund_id)
    posted = _posted_before(session, key)
    if posted:
        return posted
    _require_amount(amount_minor)
    draft = _draft(description or N_("账户手续费"), "fee", earmark, occurred_on, account, amount_minor, key)
    draft.postings = rules.fee_postings(account, earmark, amount_minor)
    draft.movements = plan_direct_use(
        session, "money_account", account.id, earmark.id, amount_minor, occurred_on
    )
    return post_entries(session, actor, [draft])[0]


def transfer_money(
    session: Session,
    actor: Actor,
    source: MoneyAccount,
    target: MoneyAccount,
    amount_minor: int,
    occurred_on: date,
    *,
    fee_minor: int = 0,
    memo: str = "",
    key: str | None = None,
) -> list[Posted]:
    """A move between two money accounts of a fund: one entry per earmark whose money moves, and one for a fee.

    Raises Refused for the same account twice, accounts of different funds, or more than the source holds.
    """
    actor.require(Permission.MONEY_MOVE, source.fund_id)
    posted = _posted_before(session, key)
    if posted:
        return [posted]
    _require_amount(amount_minor)
    if source.id == target.id:
        raise Refused(N_("转出和转入不能是同一个账户"), field="target")
    if source.fund_id != target.fund_id:
        raise Refused(N_("只能在同一基金的账户之间划转"), field="target")
    wanted = amount_minor
    drafts: list[EntryDraft] = []
    for earmark_id, held in queries.account_earmark_balances(session, source.id):
        part = min(held, wanted)
        if part == 0:
            break
        wanted -= part
        earmark = queries.earmark(session, earmark_id)
        draft = _draft(
            memo or N_("资金划转"),
            "money_transfer",
            earmark,
            occurred_on,
            source,
            part,
            key if not drafts else None,
        )
        draft.postings = rules.transfer_postings(source, target, earmark, part)
        drafts.append(draft)
    if wanted:
        raise Refused(
            N_("“%(account)s”只有 %(balance)s 元"),
            field="amount",
            account=source.name,
            balance=Money(amount_minor - wanted),
        )
    result = post_entries(session, actor, drafts)
    if fee_minor:
        earmark = queries.earmark(session, drafts[0].postings[0].earmark_id)
        fee = _draft(N_("划转手续费"), "fee", earmark, occurred_on, source, fee_minor, None)
        fee.postings = rules.fee_postings(source, earmark, fee_minor)
        fee.movements = plan_direct_use(
            session, "money_account", source.id, earmark.id, fee_minor, occurred_on
        )
        result += post_entries(session, actor, [fee])
    return result


def close_month(session: Session, actor: Actor, fund_id: int, month: str) -> None:
    """Close a month of a fund: the database refuses entries dated in it from now on."""
    actor.require(Permission.PERIOD_CLOSE, fund_id)
    state = session.get(PeriodState, (fund_id, month))
    if state is not None and state.state == "closed":
        raise Refused(N_("%(month)s 已经结账"), field="month", month=month)
    if state is None:
        state = PeriodState(fund_id=fund_id, month=month)
        session.add(state)
    state.state, state.changed_at, state.changed_by_id = "closed", clock.now(), actor.user_id
    session.flush()
    append(session, [LeafDraft("period_closed", fund_id, {"fund": fund_id, "month": month})])
    record(session, actor.user_id, "close_month", "fund", fund_id, month=month)


def _draft(
    description: str,
    kind: str,
    earmark: Earmark,
    occurred_on: date,
    account: MoneyAccount,
    amount_minor: int,
    key: str | None,
) -> EntryDraft:
    postings: list[PostingDraft] = []
    opens = (
        TrancheDraft(earmark.id, amount_minor, occurred_on)
        if kind in ("opening", "interest", "subsidy")
        else None
    )
    return EntryDraft(
        fund_id=account.fund_id,
        kind=kind,
        occurred_on=occurred_on,
        postings=postings,
        source_type="money_account",
        source_id=account.id,
        description=description,
        opens=opens,
        idempotency_key=key,
    )


def _post_income(
    session: Session, actor: Actor, draft: EntryDraft, amount_minor: int, key: str | None
) -> Posted:
    actor.require(Permission.BOOKS_POST, draft.fund_id)
    posted = _posted_before(session, key)
    if posted:
        return posted
    _require_amount(amount_minor)
    return post_entries(session, actor, [draft])[0]


def _posted_before(session: Session, key: str | None) -> Posted | None:
    """The entry that a form with this key already made: a second click is the first one's answer."""
    if key is None:
        return None
    row = session.execute(
        select(JournalEntry.number, JournalEntry.log_position).where(JournalEntry.idempotency_key == key)
    ).first()
    return Posted(row.number, row.log_position) if row else None


def _require_amount(amount_minor: int) -> None:
    if not rules.within_limit(amount_minor):
        raise Refused(N_("金额必须大于零"), field="amount")


def _require_slug(slug: str) -> None:
    if not _SLUG.match(slug) or len(slug) > 80:
        raise Refused(N_("网址标识只能用小写字母、数字和连字符"), field="slug")
