"""Forms of meetings: calling, attendance, minutes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import HiddenField, TimeField
from wtforms.validators import InputRequired, Length, Optional, Regexp

from app.council.meetings.models import Meeting
from app.council.meetings.queries import Called, ItemView
from app.council.meetings.rules import (
    ANSWERS,
    PRESENCES,
    Ballot,
    ItemNotes,
    MeetingDraft,
    MinutesDraft,
    votes_from,
)
from app.council.rules import RoomVote
from app.council.states import CHOICES
from app.shared import clock
from app.web.forms import (
    ChoiceField,
    DateField,
    Form,
    Given,
    LongTextField,
    ManyField,
    OnceForm,
    RadioField,
    TextField,
)


class MeetingForm(OnceForm):
    """A meeting as it is called. The page offers the choices of ``matters``."""

    title = TextField(_("会议名称"), [Given(), Length(max=200)])
    held_on = DateField(_("日期"), [Given()], past=False)
    held_time = TimeField(_("时间"), [Given()])
    place = TextField(_("地点"), [Given(), Length(max=200)], description=_("线上开会请写“线上”"))
    matters = ManyField(_("等待表决的议题"), [Optional()])
    plain_items = LongTextField(
        _("其他议题"), [Optional(), Length(max=6000)], description=_("每行一项，例如：听取上季度收支报告")
    )
    version = HiddenField(validators=[Optional(), Regexp(r"^\d{1,9}$")])

    def draft(self, fund_id: int) -> MeetingDraft:
        """What was filled in."""
        assert self.held_on.data is not None
        assert self.held_time.data is not None
        at = datetime.combine(self.held_on.data, self.held_time.data, ZoneInfo(clock.DEFAULT_ZONE))
        lines = [line.strip()[:300] for line in (self.plain_items.data or "").splitlines()]
        return MeetingDraft(
            fund_id=fund_id,
            title=self.title.data or "",
            held_at=at.astimezone(UTC),
            place=self.place.data or "",
            matter_ids=tuple(self.matters.data or ()),
            plain_items=tuple(line for line in lines if line),
            idempotency_key=self.once.data,
        )


class VersionForm(Form):
    """A step of a meeting as it was shown; ``version`` tells whether somebody else changed it meanwhile."""

    version = HiddenField(validators=[InputRequired(), Regexp(r"^\d{1,9}$")])

    @property
    def read_version(self) -> int:
        """The version that the page was made from."""
        return int(self.version.data or 0)


class CancelForm(VersionForm):
    """Why a meeting is given up."""

    reason = LongTextField(_("原因"), [Given(), Length(max=1000)])


def attendance_form(people: list[Called], found: Meeting) -> VersionForm:
    """Who came: one field for each person who is called."""
    fields = {
        f"presence_{person.user_id}": ChoiceField(
            person.name,
            [Given()],
            choices=[(presence, _(name)) for presence, name in PRESENCES.items()],
            default=person.presence,
        )
        for person in people
    }
    made: VersionForm = type("AttendanceForm", (VersionForm,), fields)(version=str(found.version))
    return made


def presences(form: VersionForm, people: list[Called]) -> dict[int, str]:
    """What was chosen, by user."""
    return {person.user_id: form[f"presence_{person.user_id}"].data or "" for person in people}


Ballots = Mapping[int, list[Ballot]]
"""The seats that vote in the room, by agenda item; without those who are out of a matter."""


def minutes_form(
    items: list[ItemView], ballots: Ballots, found: Meeting, *, as_saved: bool = False
) -> VersionForm:
    """The minutes: a general part, and for each item what was said and what came out. ``as_saved``: not as just sent."""
    fields: dict[str, object] = {
        "minutes": LongTextField(
            _("会议概况"),
            [Optional()],
            description=_("主持人、列席情况、通报事项等。纪要公开，请写席位或称谓，不写人名。"),
            default=found.minutes,
        )
    }
    for view in items:
        item = view.item
        fields[f"discussion_{item.id}"] = LongTextField(_("讨论情况"), [Optional()], default=item.discussion)
        fields[f"outcome_{item.id}"] = LongTextField(
            _("结果"), [Optional()], default=item.outcome, description=_outcome_hint(view)
        )
        noted = votes_from(item.votes_draft)
        for ballot in ballots.get(item.id, []):
            vote = noted.get(ballot.user_id, RoomVote(ballot.online or ""))
            fields[f"choice_{item.id}_{ballot.user_id}"] = ChoiceField(
                ballot.name,
                [Optional()],
                choices=[(choice, _(name)) for choice, name in CHOICES.items()],
                default=vote.choice or None,
            )
            fields[f"reason_{item.id}_{ballot.user_id}"] = TextField(
                _("%(name)s的理由", name=ballot.name), [Optional(), Length(max=1000)], default=vote.reason
            )
    sent = {"formdata": None} if as_saved else {}
    made: VersionForm = type("MinutesForm", (VersionForm,), fields)(version=str(found.version), **sent)
    return made


def _outcome_hint(view: ItemView) -> str:
    if view.matter is None:
        return str(gettext("例如：同意；下次会议再议；请秘书处核实后报告"))
    return str(gettext("票数和决议号由系统写入，这里只写补充说明"))


def minutes_draft(form: VersionForm, items: list[ItemView], ballots: Ballots) -> MinutesDraft:
    """What was written."""
    notes: Mapping[int, ItemNotes] = {
        view.item.id: ItemNotes(
            discussion=form[f"discussion_{view.item.id}"].data or "",
            outcome=form[f"outcome_{view.item.id}"].data or "",
            votes=_votes(form, view.item.id, ballots.get(view.item.id, [])),
        )
        for view in items
    }
    return MinutesDraft(form["minutes"].data or "", notes)


def _votes(form: VersionForm, item_id: int, ballots: list[Ballot]) -> dict[int, RoomVote]:
    noted = {
        ballot.user_id: RoomVote(
            form[f"choice_{item_id}_{ballot.user_id}"].data or "",
            form[f"reason_{item_id}_{ballot.user_id}"].data or "",
        )
        for ballot in ballots
    }
    return {user_id: vote for user_id, vote in noted.items() if vote.choice}


class AnswerForm(Form):
    """What a member says to the vote that was recorded for them."""

    answer = RadioField(
        _("这样记录对吗"), [InputRequired()], choices=[(answer, _(name)) for answer, name in ANSWERS.items()]
    )
    words = LongTextField(_("不一致时，请写明您当时怎样表决"), [Optional(), Length(max=1000)])
