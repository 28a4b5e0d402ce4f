"""Objections: the form and page that anyone can use, and the office's list, answers and dismissals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.council.meetings.rules import Subject, describer
from app.council.notice import operations, queries, rules, states
from app.council.notice.forms import AnswerForm, DismissForm, ObjectionForm, WordsForm
from app.council.notice.models import Objection
from app.council.rulebook.queries import rules_in_force
from app.people.operations import count_tries
from app.people.rules import TooManyAttempts
from app.shared import clock
from app.shared.errors import N_, NotFound
from app.shared.permissions import Actor, Permission, Role
from app.web import office
from app.web.access import FundChoice, actor, office_fund, public, public_write, requires
from app.web.database import session, transaction
from app.web.pages import attempt, done, page

blueprint = Blueprint("objections", __name__, url_prefix="/office/objections")
public_blueprint = Blueprint("objecting", __name__)
office.navigation_entry(
    "objections", N_("异议"), "objections.listing", Permission.DISBURSEMENT_READ, order=36
)

ROWS = 30
BLANK = N_("这份表单像是程序自动填写的，还没有提交。如果您是本人填写，请再点一次“提交异议”。")
TOO_MANY = N_("这里提交的异议太多了，请 %(minutes)s 分钟后再试")


def words_of_objections() -> dict[str, Any]:
    """Names of grounds and states, for templates that show objections."""
    return {
        "grounds": {key: _(name) for key, name in states.GROUNDS.items()},
        "objection_states": {
            key: (states.OBJECTION_TAGS[key], _(name)) for key, name in states.OBJECTION_STATES.items()
        },
    }


def _subject(reading: Session, type_: str, subject_id: int) -> Subject:
    describe = describer(type_)
    if describe is None:
        return Subject(type_)
    found = describe(reading, subject_id)
    return replace(found, title=_(found.sentence, **found.facts)) if found.sentence else found


@public_blueprint.route("/notices/<int:notice_id>/object", methods=["GET", "POST"])
@public_write
def object_to(notice_id: int) -> Response:
    """Anybody objects to what stands in public notice, without an account."""
    found = queries.notice(session(), notice_id)
    form = ObjectionForm()
    status = None
    if form.validate_on_submit():
        if form.homepage.data:
            form.homepage.data, form.homepage.raw_data = "", None
            form.form_errors.append(_(BLANK))
        else:
            try:
                number = _take(form, notice_id)
            except TooManyAttempts as error:
                form.show_refusal(error)
                status, number = error.status, None
            if number is not None:
                return done(url_for("objecting.show", number=number, received=1))
        found = queries.notice(session(), notice_id)
    is_over = queries.is_over(found)
    return page(
        "objections/object.html",
        form=form,
        status=409 if is_over and not form.is_refused else status,
        found=queries.notice_view(found),
        days_left=rules.days_left(found.ends_on, clock.today()),
        about=_subject(session(), found.subject_type, found.subject_id),
        is_public_form=True,
        nav_current="disbursements",
    )


def _take(form: ObjectionForm, notice_id: int) -> str | None:
    """Count the try, then take the objection. Its number, or None when the form was refused."""
    with transaction() as writing:
        count_tries(writing, rules.try_limits(request.remote_addr or ""), TOO_MANY)
    taken: list[str] = []

    def write(writing: Session) -> None:
        objection = operations.object_to(
            writing,
            queries.notice(writing, notice_id),
            ground=form.ground.data,
            words=form.words.data or "",
            contact=form.contact.data or "",
            key=form.once.data,
        )
        taken.append(objection.number)

    return taken[0] if attempt(form, write) else None


@public_blueprint.get("/objections/<number>")
@public
def show(number: str) -> Response:
    """One objection as anyone may read it: its state, its answer, and its words once they were checked."""
    found = queries.objection(session(), number)
    (view,) = queries.objection_views(session(), [found])
    return page(
        "objections/public.html",
        found=view,
        about=_subject(session(), found.subject_type, found.subject_id),
        is_received="received" in request.args,
        nav_current="disbursements",
        **words_of_objections(),
    )


@office.waits_for_you(order=12)
def objections_that_wait(reading: Session, who: Actor, fund: FundChoice) -> list[office.WorkItem]:
    """For secretary and chair: objections to answer, words to look at. For chair and supervisor: dismissals, while their
    days last. Who proposed one waits for the other."""
    items = []
    convenes = who.may(Permission.COUNCIL_CONVENE, fund.id)
    today = clock.today()
    for found in queries.open_objections(reading, fund.id):
        may, until = _dismissal(reading, who, found)
        is_proposed = bool(found.dismissal_reason)
        if not convenes and not may:
            continue
        tag, action = ("stop", _("异议待答复")), _("去答复")
        if found.answer_due_on < today:
            tag = ("stop", _("答复逾期"))
        elif may and is_proposed:
            tag, action = ("wait", _("待您确认驳回")), _("去确认")
        elif not convenes:
            tag, action = ("wait", _("可以共同驳回")), _("看异议")
        about = _subject(reading, found.subject_type, found.subject_id)
        detail = _("答复期限 %(day)s", day=found.answer_due_on.isoformat())
        if may:
            detail = _("%(detail)s · 驳回期限 %(day)s", detail=detail, day=until)
        items.append(
            office.WorkItem(
                title=about.title,
                url=_address(found.number),
                detail=_("异议 %(number)s", number=found.number) + " · " + detail,
                due=clock.local(found.received_at).date(),
                tag=tag,
                action=action,
            )
        )
    return items


@office.waits_for_you(order=45)
def words_that_wait(reading: Session, who: Actor, fund: FundChoice) -> list[office.WorkItem]:
    """Objections whose words nobody has looked at yet."""
    if not who.may(Permission.COUNCIL_CONVENE, fund.id):
        return []
    return [
        office.WorkItem(
            title=_("异议 %(number)s 的内容", number=found.number),
            url=url_for("objections.check_words", number=found.number),
            detail=_subject(reading, found.subject_type, found.subject_id).title,
            due=clock.local(found.received_at).date(),
            tag=("wait", _("待核对公开")),
            action=_("去核对"),
        )
        for found in queries.unchecked_objections(reading, fund.id)
    ]


@office.waits_for_you(order=46)
def holds_in_place(reading: Session, who: Actor, fund: FundChoice) -> list[office.WorkItem]:
    """Payments that the supervisor stopped: for the supervisor to lift, for secretary and chair to see to."""
    may = (Permission.COUNCIL_CONVENE, Permission.COUNCIL_SUPERVISE)
    if not any(who.may(each, fund.id) for each in may):
        return []
    items = []
    for hold in queries.holds_in(reading, fund.id):
        about = _subject(reading, hold.subject_type, hold.subject_id)
        items.append(
            office.WorkItem(
                title=about.title,
                url=about.path,
                detail=hold.reason[:60],
                due=clock.local(hold.placed_at).date(),
                tag=("stop", _("监督员暂停付款")),
                action=_("查看"),
            )
        )
    return items


@blueprint.get("/")
@requires(Permission.DISBURSEMENT_READ)
def listing() -> Response:
    """The fund's objections, the latest first; those that wait for an answer apart."""
    fund = office_fund()
    current = "open" if request.args.get("status") == "open" else ""
    before = request.args.get("before", type=int)
    before = min(before, 2**62) if before else None
    rows = queries.objections_in(session(), fund.id, status=current, before=before, limit=ROWS + 1)
    more = len(rows) > ROWS
    rows = rows[:ROWS]
    return page(
        "objections/listing.html",
        rows=[(row, _subject(session(), row.subject_type, row.subject_id)) for row in rows],
        today=clock.today(),
        tab_items=[
            ("", _("全部"), url_for("objections.listing")),
            (
                "open",
                _("待答复"),
                url_for("objections.listing", status="open"),
                queries.open_count(session(), fund.id),
            ),
        ],
        current=current,
        next_url=url_for("objections.listing", status=current or None, before=rows[-1].id) if more else None,
        first_url=url_for("objections.listing", status=current or None) if before else None,
        nav_current="objections",
        **words_of_objections(),
    )


def _readable(number: str) -> Objection:
    found = queries.objection(session(), number)
    if not actor().may(Permission.DISBURSEMENT_READ, found.fund_id):
        raise NotFound(N_("没有这条异议"))
    return found


def _dismissal(reading: Session, who: Actor, found: Objection) -> tuple[bool, str]:
    """Whether this person can take part in a dismissal now, and the last day for it."""
    received_on = clock.local(found.received_at).date()
    until = rules.dismissible_until(rules_in_force(reading, found.fund_id).book, received_on)
    is_chair = who.holds(Role.CHAIR, found.fund_id)
    given = found.dismissed_by_chair_id if is_chair else found.dismissed_by_supervisor_id
    is_one = is_chair or who.holds(Role.SUPERVISOR, found.fund_id)
    is_new = who.user_id not in (found.dismissed_by_chair_id, found.dismissed_by_supervisor_id)
    may = found.status == "open" and is_one and given is None and is_new and clock.today() <= until
    return may, until.isoformat()


def _context(found: Objection) -> dict[str, Any]:
    may_dismiss, until = _dismissal(session(), actor(), found)
    today = clock.today()
    left = (found.answer_due_on - today).days
    repeated = next(
        (
            each.number
            for each in queries.objections_to(session(), found.subject_type, found.subject_id)
            if each.id == found.repeats_id
        ),
        None,
    )
    return {
        "found": found,
        "about": _subject(session(), found.subject_type, found.subject_id),
        "contact": queries.contact_of(actor(), found),
        "repeated": repeated,
        "may_convene": actor().may(Permission.COUNCIL_CONVENE, found.fund_id),
        "may_dismiss": may_dismiss,
        "dismissible_until": until,
        "due_text": ngettext("还剩 %(num)s 天", "还剩 %(num)s 天", left) if left >= 0 else _("已经逾期"),
        "nav_current": "objections",
        **words_of_objections(),
    }


@blueprint.get("/<number>")
@requires(Permission.DISBURSEMENT_READ, personal=True)
def show_in_office(number: str) -> Response:
    """One objection: what it says, by when an answer is due, what can be done."""
    return page("objections/show.html", **_context(_readable(number)))


def _address(number: str) -> str:
    return url_for("objections.show_in_office", number=number)


@blueprint.route("/<number>/words", methods=["GET", "POST"])
@requires(Permission.COUNCIL_CONVENE)
def check_words(number: str) -> Response:
    """Look at the words for law and privacy, then show them in public or keep them off the page."""
    found = _readable(number)
    form = WordsForm(shown=None if found.words_checked_at is None else "yes" if found.is_shown else "no")
    if form.validate_on_submit() and attempt(
        form,
        lambda writing: operations.show_objection(writing, actor(), number, shown=form.shown.data == "yes"),
    ):
        return done(_address(number), _("内容已公开") if form.shown.data == "yes" else _("内容不公开"))
    return page("objections/words.html", form=form, **_context(_readable(number)))


@blueprint.route("/<number>/answer", methods=["GET", "POST"])
@requires(Permission.COUNCIL_CONVENE)
def answer(number: str) -> Response:
    """The written answer, public at once; the payment goes on."""
    return _close(
        number,
        AnswerForm(),
        "objections/answer.html",
        lambda writing, form: operations.answer_objection(writing, actor(), number, form.answer.data or ""),
        _("答复已公开"),
    )


@blueprint.route("/<number>/dismiss", methods=["GET", "POST"])
@requires(Permission.OBJECTION_DISMISS)
def dismiss(number: str) -> Response:
    """Chair or supervisor proposes to dismiss an objection; the other confirms."""
    found, who = _readable(number), actor()
    said = _("已驳回，理由已公开") if found.dismissal_reason else _("已提出驳回，等另一方确认")
    return _close(
        number,
        DismissForm(),
        "objections/dismiss.html",
        lambda writing, form: operations.dismiss_objection(writing, who, number, form.reason.data or ""),
        said,
    )


def _close(
    number: str,
    form: Any,
    template: str,
    act: Callable[[Session, Any], object],
    said: str,
) -> Response:
    found = _readable(number)
    if request.method == "GET" and found.status != "open":
        return done(_address(number), _("这条异议已经有了答复"))
    if form.validate_on_submit() and attempt(form, lambda writing: act(writing, form)):
        return done(_address(number), said)
    return page(template, form=form, **_context(_readable(number)))
