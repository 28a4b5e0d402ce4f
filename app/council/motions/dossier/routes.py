"""The page of one motion in the office, and what the other pages about it share with it."""

from __future__ import annotations

from typing import Any

from flask import Response, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.council import queries as council
from app.council.balloting.registry import Summary, shows
from app.council.balloting.routes import view_of
from app.council.issuing.queries import goods_wanted, issues_of, waits_for_hand_out, wanted
from app.council.issuing.rules import SUBJECT as ISSUE
from app.council.models import Matter
from app.council.motions import operations, queries
from app.council.motions.models import Motion
from app.council.motions.rules import EDITABLE, MOTION_TOPICS, STATUS_NAMES, STATUS_TAGS, may_become
from app.council.notice.queries import standing
from app.council.notice.routes import words_of_objections
from app.council.repurposing.queries import ChangeView, change_of_motion
from app.council.repurposing.queries import view_of as view_of_change
from app.council.rulebook.layouts import changed_lines
from app.council.rulebook.queries import rules_numbered
from app.council.rulebook.rules import read_data
from app.council.states import STATUSES as MATTER_STATUSES
from app.files.queries import files_of, files_of_many
from app.files.rules import PUBLIC_COPY
from app.ledger import queries as ledger
from app.people.queries import names_of
from app.shared.errors import N_, NotFound
from app.shared.permissions import Permission
from app.web.access import actor
from app.web.database import session
from app.web.i18n import text
from app.web.pages import page


def readable(motion_id: int) -> Motion:
    """A motion that the person may read, in whichever fund; NotFound for any other."""
    found = queries.motion(session(), motion_id)
    if not actor().may(Permission.DISBURSEMENT_READ, found.fund_id):
        raise NotFound(N_("没有这份提案"))
    return found


def motion_page(
    found: Motion, template: str = "motions/show.html", *, typed: Any = None, **context: Any
) -> Response:
    """The page of a motion, or another page about it that shows the same. ``typed``: a vote or signature that came back."""
    reading = session()
    matter = council.matter_of(reading, queries.SUBJECT, found.id)
    kept = files_of(reading, queries.SUBJECT, found.id)
    context.setdefault("matter", matter)
    context.setdefault("repurposing", _repurposing(reading, found))
    who = actor()
    convenes = who.may(Permission.COUNCIL_CONVENE, found.fund_id)
    proposes = who.may(Permission.COUNCIL_PROPOSE, found.fund_id)
    people = [each for each in (found.drafted_by_id, found.submitter_id) if each is not None]
    names = names_of(reading, people)
    if matter is not None:
        context.setdefault("view", view_of(reading, who, matter, typed))
    if typed is not None:
        context.setdefault("form", typed)
    return page(
        template,
        found=found,
        state=(STATUS_TAGS[found.status], _(STATUS_NAMES[found.status])),
        topic=_(MOTION_TOPICS[found.topic]),
        drafted_by=names.get(found.drafted_by_id or 0),
        submitted_by=names.get(found.submitter_id or 0),
        changes=rule_changes(found),
        change=purpose_change(found),
        goods=goods_asked(found),
        issues=issues_of(reading, found.id) if found.topic == "goods" else [],
        issue_files=_lists_signed(reading, found, who.may(Permission.PERSONAL_READ, found.fund_id)),
        standing=standing(reading, queries.SUBJECT, found.id),
        **words_of_objections(),
        papers=_links([file for file in kept if file.purpose != PUBLIC_COPY]),
        public_copies=_links([file for file in kept if file.purpose == PUBLIC_COPY]),
        matter_states={status: _(name) for status, name in MATTER_STATUSES.items()},
        texts=queries.texts_of(reading, found.id),
        may={
            "edit": proposes and found.status in EDITABLE,
            "submit": proposes and found.status in EDITABLE,
            "open": convenes and found.status == "submitted",
            "return": convenes and may_become(found.status, "returned"),
            "open_papers": proposes and found.number is not None,
            "hand_out": who.may(Permission.GIFT_RECORD, found.fund_id) and waits_for_hand_out(reading, found),
            "give_up": convenes and waits_for_hand_out(reading, found),
            "undo": who.may(Permission.BOOKS_CORRECT, found.fund_id),
            "withdraw": operations.may_withdraw(who, found) and may_become(found.status, "withdrawn"),
        },
        edit_url=edit_url(found),
        nav_current="motions",
        **context,
    )


def _repurposing(reading: Session, found: Motion) -> ChangeView | None:
    """How far a change of purpose that was resolved has come."""
    change = change_of_motion(reading, found.id) if found.topic == "purpose" else None
    return None if change is None else view_of_change(reading, change)


def _lists_signed(reading: Session, found: Motion, may_read: bool) -> dict[int, list[dict[str, str]]]:
    """The lists that receivers signed, by issue, for those who may read them."""
    if found.topic != "goods" or not may_read:
        return {}
    ids = [each.id for each in issues_of(reading, found.id)]
    return {key: _links(files) for key, files in files_of_many(reading, ISSUE, ids).items()}


def _summary(reading: Session, matter: Matter) -> Summary:
    """What a member has to know of a motion before they vote."""
    found = queries.motion(reading, matter.subject_id)
    return Summary(
        title=found.title,
        url=url_for("motions.show", motion_id=found.id),
        number=found.number or "",
        list_name=_("提案"),
        list_url=url_for("motions.listing"),
    )


@shows(queries.SUBJECT, _summary)
def matter_page(matter: Matter, template: str | None = None, **context: Any) -> Response:
    """The page of the motion that a matter is about."""
    context["matter"] = matter
    return motion_page(readable(matter.subject_id), template or "motions/show.html", **context)


def edit_url(found: Motion) -> str:
    """Where a motion on its topic is changed."""
    endpoint = {
        "rules": "rules.change",
        "purpose": "repurposing.edit",
        "goods": "issuing.edit",
    }.get(found.topic, "motions.edit")
    return url_for(endpoint, motion_id=found.id)


def _links(files: list[Any]) -> list[dict[str, str]]:
    return [
        {"name": each.name, "url": url_for("files.download", file_id=each.id), "size_text": each.size_text}
        for each in files
    ]


def rule_changes(found: Motion) -> dict[str, Any] | None:
    """Old and new line by line, of a motion on rules: against the rules it was written for."""
    if found.topic != "rules":
        return None
    details = queries.details_of(found)
    base = rules_numbered(session(), found.fund_id, details["base"])
    return {
        "number": base.number,
        "lines": changed_lines(base.book, read_data(details["rulebook"]), text),
    }


def goods_asked(found: Motion) -> dict[str, Any] | None:
    """Which goods a motion asks for, and for whom."""
    if found.topic != "goods":
        return None
    return {"receiver": wanted(found).receiver, "lines": goods_wanted(session(), found)}


def purpose_change(found: Motion) -> dict[str, Any] | None:
    """From which purpose to which, of a motion on purpose."""
    if found.topic != "purpose":
        return None
    change = queries.change_of(found)
    source = ledger.earmark(session(), change.from_id)
    target = ledger.earmark(session(), change.to_id)
    return {
        "source": _(source.name),
        "target": _(target.name),
        "is_bound": source.is_restricted,
        "amount_minor": change.amount_minor,
    }
