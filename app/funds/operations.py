"""Setting up the host and its funds, and changing what they say about themselves.

The books of a fund (its unrestricted earmark, its money accounts) are opened by app.ledger.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.funds.models import Fund, Host
from app.funds.queries import host as the_host
from app.log.operations import LeafDraft, append
from app.log.queries import latest_version
from app.shared import audit, clock
from app.shared.errors import N_, Conflict, Refused
from app.shared.permissions import Actor, Permission
from app.shared.text import normal

_SLUG = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
HOST_TEXTS = {
    "name": 200,
    "registration_number": 40,
    "address": 300,
    "phone": 60,
    "fundraising_certificate": 80,
    "icp_number": 60,
    "police_number": 60,
}
FUND_TEXTS = {"name": 200, "description": 4000, "phone": 60}


def create_host(session: Session, actor: Actor, *, name: str, **texts: str | None) -> Host:
    """Set up the charity that holds the money. ``texts``: any of HOST_TEXTS.

    Raises Conflict where there is one: an installation serves one host and its funds.
    """
    actor.require(Permission.FUND_MANAGE)
    values = _checked({"name": name, **texts}, HOST_TEXTS)
    present = the_host(session)
    if present is not None:
        raise Conflict(
            N_("本站的托管机构是“%(name)s”，一个安装只服务一个托管机构"), field="name", name=present.name
        )
    host = Host(**values, created_at=clock.now())
    session.add(host)
    session.flush()
    append(session, [_host_leaf(host, 1)])
    audit.record(session, actor.user_id, "create_host", "host", host.id)
    return host


def create_fund(
    session: Session,
    actor: Actor,
    *,
    host_id: int,
    slug: str,
    name: str,
    description: str = "",
    founded_on: date | None = None,
    phone: str | None = None,
    time_zone: str = clock.DEFAULT_ZONE,
    example_notice: str | None = None,
) -> Fund:
    """Set up a fund, without its books. Raises Refused for a slug that is none, Conflict for one that is taken."""
    actor.require(Permission.FUND_MANAGE)
    values = _checked({"name": name, "description": description, "phone": phone}, FUND_TEXTS)
    fund = Fund(
        host_id=session.get_one(Host, host_id).id,
        slug=require_free_slug(session, slug),
        founded_on=founded_on,
        time_zone=_zone(time_zone),
        example_notice=example_notice,
        created_at=clock.now(),
        **values,
    )
    session.add(fund)
    session.flush()
    append(session, [_fund_leaf(fund, 1)])
    audit.record(session, actor.user_id, "create_fund", "fund", fund.id, slug=fund.slug)
    return fund


def change_fund(
    session: Session, actor: Actor, fund_id: int, *, founded_on: date | None, **texts: str | None
) -> None:
    """Change what a fund says about itself. ``texts``: any of FUND_TEXTS. Inside ``transaction(books=True)``: it is public."""
    actor.require(Permission.FUND_MANAGE, fund_id)
    fund = session.get_one(Fund, fund_id)
    if founded_on is not None and founded_on > clock.today(fund.time_zone):
        raise Refused(N_("日期 %(day)s 在未来，请核对"), field="founded_on", day=founded_on)
    _change(session, actor, "fund", fund, {**_checked(texts, FUND_TEXTS), "founded_on": founded_on})


def change_host(session: Session, actor: Actor, host_id: int, **texts: str | None) -> None:
    """Change what the host says about itself. ``texts``: any of HOST_TEXTS. Inside ``transaction(books=True)``: it is public."""
    actor.require(Permission.FUND_MANAGE)
    host = session.get_one(Host, host_id)
    _change(session, actor, "host", host, _checked(texts, HOST_TEXTS))


def let_buyers_have_confirmations(session: Session, actor: Actor, host_id: int, *, allowed: bool) -> None:
    """The host's word on whether buyers at charity sales may have their payment confirmed. The same word again does nothing.

    Whether a buyer is a donor is unsettled (charity-rules §8), so it is off until the host says otherwise.
    """
    actor.require(Permission.FUND_MANAGE)
    host = session.get_one(Host, host_id)
    if host.confirms_buyers == allowed:
        return
    host.confirms_buyers = allowed
    session.flush()
    audit.record(session, actor.user_id, "let_buyers_have_confirmations", "host", host.id, allowed=allowed)


def close_fund(session: Session, actor: Actor, fund_id: int) -> None:
    """End a fund, after its council's resolution, which the caller has. Its books stay public. Raises Conflict when ended."""
    fund = session.get_one(Fund, fund_id)
    if fund.closed_on is not None:
        raise Conflict(N_("这个基金已经终止了"))
    fund.closed_on = clock.today(fund.time_zone)
    session.flush()
    append(session, [LeafDraft("fund_closed", fund.id, {"on": fund.closed_on.isoformat()})])
    audit.record(session, actor.user_id, "close_fund", "fund", fund.id)


def _change(session: Session, actor: Actor, kind: str, record: Host | Fund, values: dict[str, Any]) -> None:
    before = {name: getattr(record, name) for name in values}
    changed = sorted(name for name, value in values.items() if value != before[name])
    for name in changed:
        setattr(record, name, values[name])
    session.flush()
    if changed:
        version = latest_version(session, kind, record.id) + 1
        leaf = _fund_leaf(record, version) if isinstance(record, Fund) else _host_leaf(record, version)
        append(session, [leaf])
        audit.record(
            session,
            actor.user_id,
            f"change_{kind}",
            kind,
            record.id,
            changed=changed,
            before={name: str(before[name] or "") for name in changed},
        )


def _host_leaf(host: Host, version: int) -> LeafDraft:
    return LeafDraft("host", host.id, {}, {name: getattr(host, name) or "" for name in HOST_TEXTS}, version)


def _fund_leaf(fund: Fund, version: int) -> LeafDraft:
    body = {
        "host": fund.host_id,
        "currency": fund.currency,
        "founded_on": fund.founded_on.isoformat() if fund.founded_on else None,
    }
    return LeafDraft("fund", fund.id, body, {name: getattr(fund, name) or "" for name in FUND_TEXTS}, version)


def require_free_slug(session: Session, slug: str) -> str:
    """A fund's slug for addresses: lower-case Latin letters, digits and single hyphens. Raises Refused or Conflict."""
    seen = slug.strip().lower()
    if not 2 <= len(seen) <= 50 or not _SLUG.match(seen):
        raise Refused(N_("代号用 2 到 50 个小写字母、数字和连字符，例如 yimi-yangguang"), field="slug")
    if session.scalar(select(Fund.id).where(Fund.slug == seen)) is not None:
        raise Conflict(N_("代号 %(slug)s 已被使用"), field="slug", slug=seen)
    return seen


def _checked(texts: dict[str, str | None], limits: dict[str, int]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, text in texts.items():
        words = normal(text or "")
        if len(words) > limits[name]:
            raise Refused(N_("最多 %(limit)s 个字"), field=name, limit=limits[name])
        values[name] = words if words or name in ("name", "description") else None
    if "name" in values and not values["name"]:
        raise Refused(N_("请填写名称"), field="name")
    return values


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Refused(N_("没有时区 %(zone)s"), field="time_zone", zone=name) from error
