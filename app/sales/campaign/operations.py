"""Announcing a sale event, and arranging its lots. Inside ``transaction(books=True)``."""

from __future__ import annotations

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.ledger import queries as ledger
from app.log.operations import LeafDraft, append
from app.sales import queries
from app.sales.campaign.queries import needed, qualification_of
from app.sales.models import CollectionAccount, Lot, SaleEvent
from app.shared import clock
from app.shared.audit import record
from app.shared.errors import N_, Conflict, InputRefused, Refused
from app.shared.permissions import Actor, Permission
from app.shared.text import normal


def announce_event(session: Session, actor: Actor, event_id: int, accounts: dict[int, str]) -> SaleEvent:
    """Open an event to the public: its catalogue is seen, and on its day it may take money.

    ``accounts``: the fund's money accounts that collect for it, each with its merchant code ("" for a bank account). Raises
    InputRefused for everything that is missing (charity-rules §8), Conflict when it was announced or is closed.
    """
    event = queries.event(session, event_id)
    actor.require(Permission.SALE_RUN, event.fund_id)
    if event.status != "open":
        raise Conflict(N_("这场义卖已经结束"))
    if event.opened_at is not None:
        raise Conflict(N_("这场活动已经向公众开放"))
    refusals = [
        Refused(N_("还缺：%(what)s"), what=each.name) for each in needed(session, event) if not each.is_met
    ]
    refusals += _refuse_accounts(session, event, accounts)
    if refusals:
        raise InputRefused(refusals)
    event.qualification = qualification_of(session, event)
    event.opened_at, event.opened_by_id = clock.now(), actor.user_id
    session.execute(delete(CollectionAccount).where(CollectionAccount.event_id == event_id))
    for account_id, code in sorted(accounts.items()):
        session.add(
            CollectionAccount(event_id=event_id, money_account_id=account_id, merchant_code=normal(code))
        )
    session.flush()
    append(session, [LeafDraft("sale_announced", event_id, *queries.announcement_said(session, event))])
    record(session, actor.user_id, "announce_event", "sale_event", event_id)
    return event


def _refuse_accounts(session: Session, event: SaleEvent, accounts: dict[int, str]) -> list[Refused]:
    if not accounts:
        return [Refused(N_("请至少选一个收款账户"), field="accounts")]
    refusals, kinds = [], set()
    for account_id, code in accounts.items():
        account = ledger.money_account(session, account_id, event.fund_id)
        if account.ended_on is not None or account.kind == "cash":
            refusals.append(Refused(N_("只能选托管机构的银行账户或商户号"), field="accounts"))
        elif account.kind != "bank" and not normal(code):
            refusals.append(Refused(N_("请填写托管机构的商户号"), field=f"{account.kind}_code"))
        elif account.kind in kinds:
            refusals.append(Refused(N_("每种收款方式只能选一个账户"), field="accounts"))
        kinds.add(account.kind)
    return refusals


def arrange_lots(session: Session, actor: Actor, event_id: int, order: dict[int, int]) -> None:
    """Put the lots of an open event in order: by the place typed for each, then by number. Lots of others are left alone."""
    event = queries.event(session, event_id)
    actor.require(Permission.SALE_RUN, event.fund_id)
    if event.status != "open":
        raise Conflict(N_("这场义卖已经结束"))
    lots = queries.lots_of(session, event_id)
    places = {lot.id: order.get(lot.id, index) for index, lot in enumerate(lots, start=1)}
    for position, lot in enumerate(sorted(lots, key=lambda each: (places[each.id], each.number)), start=1):
        session.execute(update(Lot).where(Lot.id == lot.id).values(position=position))
    session.expire_all()
    record(session, actor.user_id, "arrange_lots", "sale_event", event_id)
