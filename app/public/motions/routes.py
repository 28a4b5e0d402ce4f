"""Motions: /motions/<number>."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, url_for
from flask_babel import gettext as _

from app.council.issuing.queries import IssueView
from app.council.layouts import arithmetic, rules_facts
from app.council.motions.queries import change_of, details_of
from app.council.motions.rules import MOTION_TOPICS, STATUS_NAMES, STATUS_TAGS
from app.council.notice.states import GROUNDS, OBJECTION_STATES, OBJECTION_TAGS
from app.council.repurposing.queries import ChangeView
from app.council.rulebook.layouts import changed_lines
from app.council.rulebook.queries import rules_numbered
from app.council.rulebook.rules import read_data
from app.council.states import CONFLICTS
from app.public.layouts import vote_name
from app.public.motions.queries import PublicMotion, Round, public_motion
from app.public.routes import in_address, known_names
from app.shared import clock
from app.shared.money import yuan
from app.web.access import public
from app.web.database import session
from app.web.i18n import text
from app.web.pages import page

blueprint = Blueprint("public_motions", __name__)
_CHOICES = {"approve": "for", "reject": "against", "abstain": "abstained", "recuse": "recused"}
_OUTCOMES = {"approved": "done", "open": "now", "endorsing": "now", "referred": "now"}


@blueprint.get("/motions/<number>")
@public
def show(number: str) -> Response:
    """One motion: what it says, what it would change, how it was decided, under which rules."""
    found = public_motion(session(), in_address(number))
    known = known_names()
    latest = found.rounds[-1] if found.rounds else None
    return page(
        "public/motion.html",
        nav_current="decisions",
        found=found,
        number=found.motion.number,
        state=(STATUS_TAGS[found.motion.status], text(STATUS_NAMES[found.motion.status])),
        topic=text(MOTION_TOPICS[found.text.topic]),
        fund=known.funds[found.motion.fund_id],
        several_funds=len(known.funds) > 1,
        changes=_changes(found),
        change=_change(found),
        latest=latest,
        arithmetic=_arithmetic(latest) if latest else None,
        rules=rules_facts(session(), latest.matter) if latest else [],
        recusals=[(text(CONFLICTS[kind]), count) for kind, count in latest.recusals] if latest else [],
        story_items=_story(found),
        grounds={key: text(name) for key, name in GROUNDS.items()},
        objection_states={key: (OBJECTION_TAGS[key], text(name)) for key, name in OBJECTION_STATES.items()},
        files=[
            {
                "name": each.name,
                "url": url_for("public_disbursements.download", file_id=each.id),
                "size_text": each.size_text,
            }
            for each in found.files
        ],
    )


def _arithmetic(found: Round) -> str:
    return arithmetic(found.matter, found.tally, found.terms, found.signatures, is_public=True)


def _changes(found: PublicMotion) -> dict[str, Any] | None:
    if found.text.topic != "rules":
        return None
    details = details_of(found.text)
    base = rules_numbered(session(), found.motion.fund_id, details["base"])
    return {"number": base.number, "lines": changed_lines(base.book, read_data(details["rulebook"]), text)}


def _change(found: PublicMotion) -> dict[str, Any] | None:
    if found.text.topic != "purpose":
        return None
    change = change_of(found.text)
    earmarks = known_names().earmarks
    source, target = earmarks[change.from_id], earmarks[change.to_id]
    return {"source": source, "target": target, "is_bound": source.restriction == "restricted"}


def _story(found: PublicMotion) -> list[dict[str, Any]]:
    items: list[tuple[Any, dict[str, Any]]] = []
    for each in found.texts:
        title = (
            _("提案已提交")
            if each.version == 1
            else _("改过以后再次提交，第 %(version)s 稿", version=each.version)
        )
        items.append((each.submitted_at, {"when": each.submitted_at, "title": title}))
    for one in found.rounds:
        matter = one.matter
        items.append((matter.opened_at, {"when": matter.opened_at, "title": _("开始表决")}))
        if matter.decided_at is not None or matter.status in ("endorsing", "referred"):
            items.append((matter.decided_at or matter.opened_at, _decided(one)))
    notice = found.standing.notice if found.standing is not None else None
    if notice is not None:
        title = _("公示到 %(day)s", day=notice.ends_on.isoformat())
        state = "done" if notice.is_over else "now"
        began = max(at for at, _item in items)
        items.append((began, {"when": notice.opens_on, "title": title, "url": "#notice", "state": state}))
    items += [(each.recorded_at, _told(each)) for each in found.issues]
    if found.repurposing is not None:
        items += _steps_of_change(found.repurposing)
    if found.closed_at is not None:
        items.append((found.closed_at, {"when": found.closed_at, "title": _("提案撤回"), "state": "stopped"}))
    items.sort(key=lambda item: item[0])
    told = [item for _at, item in items]
    if found.motion.status == "submitted":
        told.append({"title": _("等待付表决"), "state": "now"})
    elif found.motion.status == "returned":
        told.append({"title": _("已退回修改，等待再次提交"), "state": "now"})
    elif found.motion.status == "in_vote" and found.rounds and found.rounds[-1].matter.status == "open":
        latest = found.rounds[-1]
        told.append({"title": _("理事会正在表决"), "detail": _arithmetic(latest), "state": "now"})
    return told


def _steps_of_change(change: ChangeView) -> list[tuple[datetime, dict[str, Any]]]:
    """The filing, and how the change ended; each with the instant that it is sorted by."""
    told: list[tuple[date, str, str]] = []
    if change.filed_on is not None:
        told.append(
            (change.filed_on, _("变更报民政备案，编号 %(number)s", number=change.filing_number), "done")
        )
    if change.moved_on is not None:
        told.append((change.moved_on, _("划到新用途 %(amount)s 元", amount=yuan(change.moved_minor)), "done"))
    if change.given_up_on is not None:
        told.append((change.given_up_on, _("放弃变更，钱留在原用途"), "stopped"))
    return [
        (clock.end_of(on), {"when": on, "title": title, "url": "#change", "state": state})
        for on, title, state in told
    ]


def _told(issue: IssueView) -> dict[str, Any]:
    title = _("发放给 %(count)s 人（户）", count=issue.recipients) if issue.recipients else _("没有发放")
    state = "stopped" if issue.is_undone or not issue.recipients else "done"
    return {"when": issue.handed_on, "title": title, "url": "#issues", "state": state}


def _decided(found: Round) -> dict[str, Any]:
    matter = found.matter
    titles = {
        "endorsing": _("理事会表决：通过，待会签"),
        "referred": _("未回避的理事不足，由托管机构决定"),
        "approved": _("决议：通过"),
        "rejected": _("决议：未通过"),
        "lapsed": _("到期未达法定人数"),
        "voided": _("退回修改，表决作废"),
        "withdrawn": _("表决中止"),
    }
    item: dict[str, Any] = {
        "when": matter.decided_at,
        "title": titles[matter.status],
        "state": _OUTCOMES.get(matter.status, "stopped"),
        "votes": [
            {"name": vote_name(each.seat_number, each.name), "choice": _CHOICES[each.choice]}
            for each in found.votes
        ],
    }
    if matter.status not in ("voided", "withdrawn"):
        item["detail"] = _arithmetic(found)
    if matter.resolution_number is not None:
        item["tag"] = ("plain", _("决议 %(number)s", number=matter.resolution_number))
    return item
