"""Hosts and funds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.funds.models import Fund, Host
from app.shared.db import BookHead
from app.shared.errors import N_, NotFound, Refused
from app.shared.permissions import Actor
from app.shared.text import normal


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """What the head and foot of every page say."""

    fund_name: str
    fund_slug: str
    host_name: str
    phone: str | None
    example_notice: str | None
    icp_number: str | None
    police_number: str | None
    entry_count: int


@dataclass(frozen=True, slots=True)
class FundChoice:
    """A fund that somebody can work in."""

    id: int
    slug: str
    name: str
    time_zone: str


def host(session: Session) -> Host | None:
    """The host of this installation; None before it is set up."""
    return session.scalars(select(Host).order_by(Host.id).limit(1)).one_or_none()


def host_by_name(session: Session, name: str) -> Host | None:
    """The host with this name."""
    return session.scalars(select(Host).where(Host.name == normal(name))).one_or_none()


def funds(session: Session) -> Sequence[Fund]:
    """Every fund, oldest first."""
    return session.scalars(select(Fund).order_by(Fund.id)).all()


def fund(session: Session, fund_id: int) -> Fund:
    """The fund, or NotFound."""
    found = session.get(Fund, fund_id)
    if found is None:
        raise NotFound(N_("没有这个基金"))
    return found


def fund_by_slug(session: Session, slug: str) -> Fund:
    """The fund with this slug, or NotFound."""
    found = session.scalars(select(Fund).where(Fund.slug == slug)).one_or_none()
    if found is None:
        raise NotFound(N_("没有名为 %(slug)s 的基金"), slug=slug)
    return found


def only_fund(session: Session, slug: str | None) -> Fund:
    """The fund named by ``slug``, or the only one. Raises NotFound for an unknown slug and Refused when a choice is needed."""
    if slug:
        return fund_by_slug(session, slug)
    found = funds(session)
    if not found:
        raise NotFound(N_("还没有任何基金，请先由系统管理员建立基金"))
    if len(found) > 1:
        slugs = "、".join(each.slug for each in found)
        raise Refused(N_("有几个基金，请说明是哪一个：%(slugs)s"), field="fund", slugs=slugs)
    return found[0]


def choices(session: Session, actor: Actor) -> list[FundChoice]:
    """The funds in which the actor holds an office, oldest first."""
    rows = session.execute(select(Fund.id, Fund.slug, Fund.name, Fund.time_zone).order_by(Fund.id))
    everywhere = any(office.fund_id is None for office in actor.offices)
    held = {office.fund_id for office in actor.offices}
    return [FundChoice(*row) for row in rows if everywhere or row.id in held]


def site(session: Session, fund_id: int | None = None) -> SiteFacts | None:
    """What the head and foot of a page say, for one fund or for the first; None before there is a fund."""
    statement = select(Fund, Host, BookHead.entry_count).join(Host).join(BookHead, BookHead.id == 1)
    if fund_id is not None:
        statement = statement.where(Fund.id == fund_id)
    found = session.execute(statement.order_by(Fund.id).limit(1)).one_or_none()
    if found is None:
        return None
    fund, its_host, entry_count = found
    return SiteFacts(
        fund_name=fund.name,
        fund_slug=fund.slug,
        host_name=its_host.name,
        phone=fund.phone or its_host.phone,
        example_notice=fund.example_notice,
        icp_number=its_host.icp_number,
        police_number=its_host.police_number,
        entry_count=entry_count,
    )
