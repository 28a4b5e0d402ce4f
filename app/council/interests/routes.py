"""Declaring interests in the office: one's own, somebody's for whom the secretary records, and the whole register."""

from __future__ import annotations

from flask import Blueprint, Response, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.council.interests import operations, queries
from app.council.interests.forms import EndInterestForm, InterestForm, RecordedInterestForm
from app.council.interests.operations import InterestDraft
from app.council.interests.rules import KIND_NAMES, NONE
from app.shared import clock
from app.shared.errors import N_
from app.shared.permissions import ROLE_NAMES, Actor, Permission
from app.web import office
from app.web.access import FundChoice, actor, office_fund, requires
from app.web.database import session
from app.web.forms import ConfirmForm
from app.web.pages import attempt, done, page

blueprint = Blueprint("interests", __name__, url_prefix="/office/interests")
office.navigation_entry("interests", N_("利害关系"), "interests.own", Permission.INTEREST_DECLARE, order=37)
office.navigation_entry(
    "interest-register", N_("利害关系总表"), "interests.register", Permission.INTEREST_READ, order=38
)


@office.waits_for_you(order=60)
def declarations_that_wait(reading: Session, who: Actor, fund: FundChoice) -> list[office.WorkItem]:
    """A year without a declaration: the own one, and for the secretary those of others."""
    if not who.may(Permission.INTEREST_DECLARE, fund.id):
        return []
    due = [each for each in queries.declarers(reading, fund.id) if each.is_due]
    items = [
        office.WorkItem(
            title=_("请登记利害关系"),
            url=url_for("interests.own"),
            detail=_("上次声明是 %(day)s，已满一年", day=mine.last_on.isoformat())
            if mine.last_on
            else _("任职的单位、参与的组织、亲属和经营的商户；没有也请声明一次"),
            tag=("wait", _("每年一次")),
            action=_("去登记"),
        )
        for mine in due
        if mine.user_id == who.user_id
    ]
    others = sum(1 for each in due if each.user_id != who.user_id)
    if others and who.may(Permission.INTEREST_RECORD, fund.id):
        items.append(
            office.WorkItem(
                title=ngettext(
                    "%(num)s 人一年内没有声明利害关系", "%(num)s 人一年内没有声明利害关系", others
                ),
                url=url_for("interests.declarers"),
                detail=_("提醒他们自己登记，或按他们的说明代为登记"),
                tag=("wait", _("每年一次")),
                action=_("看是谁"),
            )
        )
    return items


def _names() -> dict[str, str]:
    return {key: _(name) for key, name in KIND_NAMES.items()}


def _roles() -> dict[str, str]:
    return {role.value: _(name) for role, name in ROLE_NAMES.items()}


@blueprint.get("/")
@requires(Permission.INTEREST_DECLARE, personal=True)
def own() -> Response:
    """What the person declared for this fund; nobody else's."""
    who, fund = actor(), office_fund()
    assert who.user_id is not None
    declared = queries.interests_of(session(), fund.id, who.user_id)
    return page(
        "interests/own.html",
        mine=queries.declarer(session(), fund.id, who.user_id),
        standing=[(None, each) for each in declared if each.can_end],
        past=[(None, each) for each in declared if not each.can_end],
        kinds=_names(),
        may_record=who.may(Permission.INTEREST_RECORD, fund.id),
        nav_current="interests",
    )


@blueprint.route("/declare", methods=["GET", "POST"])
@requires(Permission.INTEREST_DECLARE)
def declare() -> Response:
    """Declare an own interest."""
    who, fund = actor(), office_fund()
    assert who.user_id is not None
    form = InterestForm()
    if form.validate_on_submit():
        draft = InterestDraft(
            fund.id, who.user_id, form.kind.data, form.party_name.data or "", form.relation.data or ""
        )
        if attempt(form, lambda writing: operations.declare_interest(writing, who, draft)):
            return done(url_for("interests.own"), _("利害关系已登记"))
    return page("interests/declare.html", form=form, nav_current="interests")


@blueprint.route("/declare-none", methods=["GET", "POST"])
@requires(Permission.INTEREST_DECLARE, personal=True)
def declare_none() -> Response:
    """Ask, then enter that there is no interest, or none but those that stand."""
    who, fund = actor(), office_fund()
    assert who.user_id is not None
    form = ConfirmForm()
    draft = InterestDraft(fund.id, who.user_id, NONE)
    if form.validate_on_submit() and attempt(
        form, lambda writing: operations.declare_interest(writing, who, draft)
    ):
        return done(url_for("interests.own"), _("声明已登记"))
    declared = queries.interests_of(session(), fund.id, who.user_id)
    return page(
        "interests/declare_none.html",
        form=form,
        standing=[each for each in declared if each.can_end],
        kinds=_names(),
        nav_current="interests",
    )


@blueprint.route("/<int:interest_id>/end", methods=["GET", "POST"])
@requires(Permission.INTEREST_DECLARE, personal=True)
def end(interest_id: int) -> Response:
    """Let an interest end that one declared, or recorded for somebody."""
    found = queries.own_or_recorded(session(), actor(), interest_id)
    back = url_for("interests.declarers" if found.user_id != actor().user_id else "interests.own")
    if not found.can_end:
        return done(back, _("这条登记已经结束，或者没有可以结束的"))
    form = EndInterestForm(ended_on=clock.today())
    if form.validate_on_submit():
        last_day = form.ended_on.data
        assert last_day is not None
        if attempt(form, lambda writing: operations.end_interest(writing, actor(), interest_id, last_day)):
            return done(back, _("结束日期已登记"))
    return page(
        "interests/end.html", form=form, found=found, kinds=_names(), back=back, nav_current="interests"
    )


@blueprint.get("/people")
@requires(Permission.INTEREST_RECORD)
def declarers() -> Response:
    """Who has declared when, without what; and what the secretary recorded for others."""
    who, fund = actor(), office_fund()
    assert who.user_id is not None
    return page(
        "interests/people.html",
        people=queries.declarers(session(), fund.id),
        own_id=who.user_id,
        recorded=queries.recorded_by(session(), fund.id, who.user_id),
        kinds=_names(),
        role_names=_roles(),
        nav_current="interests",
    )


@blueprint.route("/people/<int:user_id>/record", methods=["GET", "POST"])
@requires(Permission.INTEREST_RECORD)
def record_for(user_id: int) -> Response:
    """Record what somebody told the secretary."""
    who, fund = actor(), office_fund()
    person = queries.declarer(session(), fund.id, user_id)
    if user_id == who.user_id:
        return done(url_for("interests.own"), _("自己的利害关系请在这里登记"))
    form = RecordedInterestForm()
    if form.validate_on_submit():
        draft = InterestDraft(
            fund.id,
            user_id,
            form.kind.data,
            form.party_name.data or "",
            form.relation.data or "",
            form.note.data or "",
        )
        if attempt(form, lambda writing: operations.declare_interest(writing, who, draft)):
            return done(url_for("interests.declarers"), _("利害关系已登记"))
    return page("interests/record_for.html", form=form, person=person, nav_current="interests")


@blueprint.get("/register")
@requires(Permission.INTEREST_READ, personal=True)
def register() -> Response:
    """Everything that was declared, for supervisor and auditor."""
    fund = office_fund()
    return page(
        "interests/register.html",
        people=queries.declarers(session(), fund.id),
        declared=queries.register(session(), actor(), fund.id),
        kinds=_names(),
        role_names=_roles(),
        nav_current="interest-register",
    )
