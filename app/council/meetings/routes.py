"""Meetings in the office: the list, calling, attendance, writing the minutes, issuing them."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.council.meetings import operations, queries
from app.council.meetings.forms import (
    AnswerForm,
    CancelForm,
    MeetingForm,
    VersionForm,
    attendance_form,
    minutes_draft,
    minutes_form,
    presences,
)
from app.council.meetings.layouts import minutes_figures
from app.council.meetings.models import Meeting
from app.council.meetings.pdf import minutes_file, words
from app.council.meetings.rules import ANSWERS, STATES, Ballot, meeting_due_on
from app.council.states import CHOICES
from app.documents.models import IssuedDocument
from app.documents.pdf import NotPrinted
from app.funds import queries as funds
from app.shared import clock
from app.shared.errors import N_, Conflict, NotFound, Refused
from app.shared.permissions import COUNCIL_SEATS, Actor, Permission
from app.web import office
from app.web.access import FundChoice, actor, office_fund, requires
from app.web.database import session, transaction
from app.web.i18n import locale
from app.web.pages import attempt, done, page

blueprint = Blueprint("meetings", __name__, url_prefix="/office/meetings")
office.navigation_entry("meetings", N_("会议"), "meetings.listing", Permission.DISBURSEMENT_READ, order=35)

ROWS = 30
TAGS = {"called": "wait", "held": "wait", "minuted": "ok", "cancelled": "stop"}


@office.waits_for_you(order=20)
def meetings_that_wait(reading: Session, who: Actor, fund: FundChoice) -> list[office.WorkItem]:
    """For secretary and chair: attendance and minutes that are missing, and a meeting that is to be called.
    For the other seats: when the next meeting is."""
    convenes = who.may(Permission.COUNCIL_CONVENE, fund.id)
    sits = any(each.role in COUNCIL_SEATS and each.fund_id == fund.id for each in who.offices)
    if not (convenes or sits):
        return []
    items = []
    is_on_the_way = False
    for found in queries.meetings_in(reading, fund.id, "called", "held"):
        is_over = found.held_at <= clock.now()
        is_on_the_way = is_on_the_way or not is_over
        action = None
        if convenes and found.state == "held":
            action = _("写纪要")
        elif convenes and is_over:
            action = _("登记到会")
        elif is_over:
            continue
        items.append(
            office.WorkItem(
                title=found.title,
                url=url_for("meetings.show", meeting_id=found.id),
                detail=found.place,
                due=found.held_at,
                tag=("wait" if action else "plain", _(STATES[found.state])),
                action=action or _("看议程"),
            )
        )
    if convenes and not is_on_the_way:
        items += _reminder(reading, fund)
    return items


def _reminder(reading: Session, fund: FundChoice) -> list[office.WorkItem]:
    last_on = queries.last_meeting_on(reading, fund.id)
    if last_on is None or clock.today() < meeting_due_on(last_on):
        return []
    return [
        office.WorkItem(
            title=_("该召集理事会会议了"),
            url=url_for("meetings.call"),
            detail=_("自 %(day)s 起已满五个月没有开会；理事会每年至少开两次会", day=last_on.isoformat()),
            tag=("wait", _("会议")),
            action=_("召集会议"),
        )
    ]


@office.waits_for_you(order=15)
def votes_to_confirm(reading: Session, who: Actor, fund: FundChoice) -> list[office.WorkItem]:
    """Votes that were recorded for this member in a meeting's room and that wait for their word."""
    if who.user_id is None:
        return []
    return [
        office.WorkItem(
            title=vote.item,
            url=url_for("meetings.answer", vote_id=vote.vote_id),
            detail=_("会上记录您：%(choice)s", choice=_(CHOICES[vote.choice])),
            due=vote.held_at,
            tag=("wait", _("待您确认")),
            action=_("去确认"),
        )
        for vote in queries.room_votes(reading, voter_id=who.user_id)
        if vote.fund_id == fund.id and vote.answer is None
    ]


@blueprint.get("/")
@requires(Permission.DISBURSEMENT_READ)
def listing() -> Response:
    """The fund's meetings, the latest called first."""
    fund = office_fund()
    before = request.args.get("before", type=int)
    rows = queries.meetings(session(), fund.id, before=min(before, 2**62) if before else None, limit=ROWS + 1)
    return page(
        "meetings/listing.html",
        rows=rows[:ROWS],
        next_url=url_for("meetings.listing", before=rows[ROWS - 1].id) if len(rows) > ROWS else None,
        first_url=url_for("meetings.listing") if before else None,
        states=STATES,
        tags=TAGS,
        may_call=actor().may(Permission.COUNCIL_CONVENE, fund.id),
        nav_current="meetings",
    )


@blueprint.route("/call", methods=["GET", "POST"])
@requires(Permission.COUNCIL_CONVENE)
def call() -> Response:
    """Call a meeting; the agenda is proposed from what waits for the council."""
    fund_id = office_fund().id
    waiting = queries.proposed_agenda(session(), fund_id)
    form = MeetingForm(title=_("理事会会议"), matters=[matter_id for matter_id, subject in waiting])
    form.matters.offer((matter_id, subject.title) for matter_id, subject in waiting)
    if form.validate_on_submit():
        made: list[int] = []

        def write(writing: Session) -> None:
            made.append(operations.call_meeting(writing, actor(), form.draft(fund_id)).id)

        if attempt(form, write):
            return done(url_for("meetings.show", meeting_id=made[0]), _("会议已召集"))
    return page("meetings/call.html", form=form, found=None, waiting=waiting, nav_current="meetings")


def _readable(meeting_id: int, permission: Permission = Permission.DISBURSEMENT_READ) -> Meeting:
    found = queries.meeting(session(), meeting_id)
    actor().require(permission, found.fund_id)
    return found


def _address(found: Meeting) -> str:
    return url_for("meetings.show", meeting_id=found.id)


@blueprint.get("/<int:meeting_id>")
@requires(Permission.DISBURSEMENT_READ)
def show(meeting_id: int) -> Response:
    """One meeting: when and where, agenda, who came, what is next."""
    found = _readable(meeting_id)
    people = queries.called(session(), found)
    seats = len({person.seat_number for person in people if person.seat_number is not None})
    return page(
        "meetings/show.html",
        found=found,
        people=people,
        seats=found.seats or seats,
        quorum=found.quorum or queries.quorum(session(), found.fund_id, seats),
        items=queries.agenda_of(session(), found.id),
        is_over=found.held_at <= clock.now(),
        may_convene=actor().may(Permission.COUNCIL_CONVENE, found.fund_id),
        document_number=queries.document_number(session(), found),
        room_votes=queries.room_votes(session(), meeting_id=found.id),
        answers=ANSWERS,
        notice_text=_notice_text(found),
        states=STATES,
        tags=TAGS,
        **words(),
        nav_current="meetings",
    )


def _notice_text(found: Meeting) -> str:
    """The call as it can be pasted into a chat group."""
    agenda = [f"{view.item.position}. {view.item.title}" for view in queries.agenda_of(session(), found.id)]
    return "\n".join(
        [
            _("【会议通知】%(fund)s %(title)s", fund=office_fund().name, title=found.title),
            _("时间：%(at)s", at=f"{clock.local(found.held_at):%Y-%m-%d %H:%M}"),
            _("地点：%(place)s", place=found.place),
            _("议程："),
            *agenda,
            url_for("meetings.show", meeting_id=found.id, _external=True),
        ]
    )


@blueprint.route("/<int:meeting_id>/change", methods=["GET", "POST"])
@requires(Permission.COUNCIL_CONVENE)
def change(meeting_id: int) -> Response:
    """Another time, place or agenda, as long as the meeting has not been held."""
    found = _readable(meeting_id, Permission.COUNCIL_CONVENE)
    if request.method == "GET" and found.state != "called":
        return done(_address(found), _("会议已经召开或取消，议程不能再改"))
    waiting = queries.proposed_agenda(session(), found.fund_id)
    agenda = queries.agenda_of(session(), found.id)
    at = clock.local(found.held_at)
    form = MeetingForm(
        title=found.title,
        held_on=at.date(),
        held_time=at.time(),
        place=found.place,
        matters=[view.item.matter_id for view in agenda if view.item.matter_id],
        plain_items="\n".join(view.item.title for view in agenda if view.item.matter_id is None),
        version=str(found.version),
    )
    form.matters.offer((matter_id, subject.title) for matter_id, subject in waiting)
    if form.validate_on_submit() and attempt(
        form,
        lambda writing: operations.change_meeting(
            writing, actor(), meeting_id, form.draft(found.fund_id), int(form.version.data or 0)
        ),
    ):
        return done(_address(found), _("会议安排已更新"))
    return page("meetings/call.html", form=form, found=found, waiting=waiting, nav_current="meetings")


@blueprint.route("/<int:meeting_id>/cancel", methods=["GET", "POST"])
@requires(Permission.COUNCIL_CONVENE)
def cancel(meeting_id: int) -> Response:
    """Ask for the reason, then give the meeting up."""
    found = _readable(meeting_id, Permission.COUNCIL_CONVENE)
    if request.method == "GET" and found.state != "called":
        return done(_address(found), _("会议已经召开或取消，议程不能再改"))
    form = CancelForm(version=str(found.version))
    if form.validate_on_submit() and attempt(
        form,
        lambda writing: operations.cancel_meeting(
            writing, actor(), meeting_id, form.reason.data or "", form.read_version
        ),
    ):
        return done(_address(found), _("会议已取消"))
    return page("meetings/cancel.html", form=form, found=found, nav_current="meetings")


@blueprint.route("/<int:meeting_id>/attendance", methods=["GET", "POST"])
@requires(Permission.COUNCIL_CONVENE)
def attendance(meeting_id: int) -> Response:
    """Who came. With a quorum the meeting is held."""
    found = _readable(meeting_id, Permission.COUNCIL_CONVENE)
    if request.method == "GET" and found.state not in ("called", "held"):
        return done(_address(found), _("这次会议已经结束，不能再改"))
    people = queries.called(session(), found)
    form = attendance_form(people, found)
    if form.validate_on_submit() and attempt(
        form,
        lambda writing: operations.record_attendance(
            writing, actor(), meeting_id, presences(form, people), form.read_version
        ),
    ):
        return done(url_for("meetings.minutes", meeting_id=meeting_id), _("到会情况已登记"))
    seats = len({person.seat_number for person in people if person.seat_number is not None})
    return page(
        "meetings/attendance.html",
        form=form,
        found=found,
        people=people,
        seats=seats,
        quorum=queries.quorum(session(), found.fund_id, seats),
        nav_current="meetings",
    )


@blueprint.route("/<int:meeting_id>/minutes", methods=["GET", "POST"])
@requires(Permission.COUNCIL_CONVENE)
def minutes(meeting_id: int) -> Response:
    """Write the minutes: one form, saved as a draft as often as one likes."""
    found = _readable(meeting_id, Permission.COUNCIL_CONVENE)
    if request.method == "GET" and found.state != "held":
        return done(_address(found), _("先登记到会情况，再写纪要；已出的纪要不能再改"))
    items = queries.agenda_of(session(), found.id)
    ballots = _ballots(items, found)
    form = minutes_form(items, ballots, found)
    if form.validate_on_submit() and attempt(
        form,
        lambda writing: operations.save_minutes(
            writing, actor(), meeting_id, minutes_draft(form, items, ballots), form.read_version
        ),
    ):
        following = "meetings.issue" if request.form.get("then") == "issue" else "meetings.minutes"
        return done(url_for(following, meeting_id=meeting_id), _("纪要草稿已保存"))
    return _minutes_page(form, found)


def _ballots(items: list[queries.ItemView], found: Meeting) -> dict[int, list[Ballot]]:
    return {
        view.item.id: [
            ballot
            for ballot in queries.ballots_of(session(), found, view.matter)
            if ballot.conflict_kind is None
        ]
        for view in items
        if view.matter is not None
    }


def _minutes_page(form: VersionForm, found: Meeting) -> Response:
    items = queries.agenda_of(session(), found.id)
    return page(
        "meetings/minutes_form.html",
        form=form,
        found=found,
        items=items,
        ballots=_ballots(items, found),
        **words(),
        nav_current="meetings",
    )


@blueprint.route("/<int:meeting_id>/issue", methods=["GET", "POST"])
@requires(Permission.COUNCIL_CONVENE)
def issue(meeting_id: int) -> Response:
    """Show the minutes as they will be, then issue them."""
    found = _readable(meeting_id, Permission.COUNCIL_CONVENE)
    if not actor().may(Permission.DOCUMENT_ISSUE, found.fund_id):
        return done(_address(found), _("草稿已保存，纪要由秘书处核对后签发"))
    if request.method == "GET" and found.state != "held":
        return done(_address(found), _("先登记到会情况，再写纪要；已出的纪要不能再改"))
    form = VersionForm(version=str(found.version))
    if form.validate_on_submit():
        try:
            with transaction(books=True) as writing:
                document = operations.issue_minutes(writing, actor(), meeting_id, form.read_version)
        except (Refused, Conflict) as error:
            return _refused_minutes(meeting_id, error)
        _print_now(document)
        return done(_address(found), _("已签发 %(number)s", number=document.number))
    return page(
        "meetings/issue.html",
        form=form,
        found=found,
        figures_now=minutes_figures(session(), funds.fund(session(), found.fund_id), found),
        **words(),
        nav_current="meetings",
    )


def _refused_minutes(meeting_id: int, error: Refused | Conflict) -> Response:
    """What keeps minutes from being issued is shown where it is put right: beside the words of their form."""
    found = _readable(meeting_id)
    if found.state != "held":
        raise error
    items = queries.agenda_of(session(), found.id)
    form = minutes_form(items, _ballots(items, found), found, as_saved=True)
    form.refused_status = error.status
    form.show_refusal(error)
    return _minutes_page(form, found)


def _print_now(document: IssuedDocument) -> None:
    """Print new minutes at once. They are issued already: what fails here is made up for when somebody asks for the file."""
    try:
        minutes_file(document, locale())
    except NotPrinted as error:
        current_app.logger.error("minutes %s were issued but not printed: %s", document.number, error)


@blueprint.route("/votes/<int:vote_id>", methods=["GET", "POST"])
@requires(Permission.MATTER_VOTE)
def answer(vote_id: int) -> Response:
    """A member confirms or disputes the vote that was recorded for them in the room."""
    found = next(iter(queries.room_votes(session(), vote_id=vote_id, voter_id=actor().user_id or 0)), None)
    if found is None:
        raise NotFound(N_("没有等您确认的这一票"))
    form = AnswerForm()
    if form.validate_on_submit() and attempt(
        form,
        lambda writing: operations.answer_vote(
            writing, actor(), vote_id, form.answer.data, form.words.data or ""
        ),
    ):
        return done(url_for("office.home"), _("您的答复已记录"))
    return page(
        "meetings/answer.html",
        form=form,
        vote=found,
        answers=ANSWERS,
        choices=CHOICES,
        nav_current="meetings",
    )
