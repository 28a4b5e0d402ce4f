"""The form of a rulebook: a field for every number, a row for every tier."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, FieldList, FormField, IntegerField, StringField
from wtforms.validators import InputRequired, Length, Optional

from app.council.motions.rules import TEXT_MAX, TITLE_MAX
from app.council.rulebook.layouts import fraction
from app.council.rulebook.rules import (
    MAJORITIES,
    SPECIAL_MATTERS,
    Emergency,
    Rulebook,
    Tier,
)
from app.shared.errors import N_, Refused
from app.web.forms import (
    ChoiceField,
    FileField,
    Form,
    Given,
    GivenIf,
    LineForm,
    LongTextField,
    ManyField,
    MoneyField,
    OnceForm,
    TextField,
)
from app.web.i18n import translated

MOST_TIERS = 8
_FRACTION = re.compile(r"^\s*(\d{1,3})\s*[/／]\s*(\d{1,3})\s*$")


class FractionField(StringField):
    """A part of a whole as people type it, "2/3"; ``data`` is (numerator, denominator) or None."""

    data: tuple[int, int] | None  # type: ignore[assignment]

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        self.data = None
        typed = valuelist[0].strip() if valuelist else ""
        if not typed:
            return
        match = _FRACTION.match(typed)
        if typed == "1":
            self.data = (1, 1)
        elif match is None:
            raise ValueError(gettext(N_("请写成分数，例如 2/3")))
        else:
            self.data = (int(match[1]), int(match[2]))

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else fraction(self.data)


class TierForm(LineForm):
    """One tier: up to how much, who decides, what is needed beside it."""

    up_to = MoneyField(_("不超过（空着：不设上限）"))
    decided_by = ChoiceField(
        _("由谁决定"), [GivenIf()], choices=[("officers", _("负责人签批")), ("council", _("理事会表决"))]
    )
    majority = ChoiceField(
        _("理事会怎么算通过"), [Optional()], choices=[(key, _(name)) for key, name in MAJORITIES.items()]
    )
    officers = IntegerField(_("签批人数（提交人以外）"), [Optional()])
    chair_signs = BooleanField(_("其中要有理事长"))
    supervisor_opinion = BooleanField(_("要监督员意见"))
    host_countersign = BooleanField(_("要托管机构会签"))

    def needs(self, _name: str) -> bool:
        """A tier that was begun says who decides."""
        return not self.is_blank


class RulebookForm(OnceForm):
    """A whole rulebook, and why it is to be changed."""

    title = TextField(_("标题"), [Given(), Length(max=TITLE_MAX)])
    text = LongTextField(_("为什么要改"), [Given(), Length(max=TEXT_MAX)])
    tiers = FieldList(FormField(TierForm), label=_("金额分档"), min_entries=1, max_entries=MOST_TIERS)
    quorum = FractionField(_("法定人数"), [Given()])
    special_majority = FractionField(_("特别决议的比例"), [Given()])
    special_matters = ManyField(_("用特别决议的事项"), coerce=str)
    least_votes = IntegerField(_("没有回避的理事至少几人"), [InputRequired()])
    poll_days = IntegerField(_("表决期限（天）"), [InputRequired()])
    notice_days = IntegerField(_("公示天数"), [InputRequired()])
    notice_unit = ChoiceField(
        _("公示按"), [Given()], choices=[("calendar", _("自然日")), ("working", _("工作日"))], blank=False
    )
    objection_working_days = IntegerField(_("答复异议（工作日）"), [InputRequired()])
    dismissal_working_days = IntegerField(_("驳回无根据异议（工作日）"), [InputRequired()])
    splitting_days = IntegerField(_("防止拆分：合计多少天"), [InputRequired()])
    quotations_above = MoneyField(_("超过多少要两份以上报价"), [Given()])
    quotation_months = IntegerField(_("报价几个月内有效"), [InputRequired()])
    has_emergency = BooleanField(_("允许紧急支出：负责人签批先付，事后追认"))
    emergency_up_to = MoneyField(_("每笔不超过"))
    emergency_officers = IntegerField(_("签批人数"), [Optional()])
    emergency_pay_hours = IntegerField(_("几小时内付款"), [Optional()])
    emergency_papers_working_days = IntegerField(_("几个工作日内补齐材料"), [Optional()])
    emergency_ratify_days = IntegerField(_("几天内追认"), [Optional()])
    names_published = BooleanField(_("理事本人同意的，公开姓名和表决"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.special_matters.offer((key, _(name)) for key, name in SPECIAL_MATTERS.items())
        self.special_matters.process_data(self.special_matters.data or [])

    def add_tier(self) -> None:
        """One more empty tier, as long as there is room."""
        if len(self.tiers) < MOST_TIERS:
            self.tiers.append_entry()

    def remove_tier(self, place: int) -> None:
        """Take the tier at ``place`` (from 0) away, unless it is the only one."""
        if len(self.tiers) > 1 and 0 <= place < len(self.tiers):
            self.tiers.entries.pop(place)

    @property
    def book(self) -> Rulebook:
        """The rulebook as filled in, sound or not; rows left blank are none. After ``validate``."""
        emergency = None
        if self.has_emergency.data:
            emergency = Emergency(
                self.emergency_up_to.data or 0,
                self.emergency_officers.data or 0,
                self.emergency_pay_hours.data or 0,
                self.emergency_papers_working_days.data or 0,
                self.emergency_ratify_days.data or 0,
            )
        return Rulebook(
            tiers=tuple(_tier(entry.form) for entry in self._filled),
            quorum=self.quorum.data or (0, 1),
            special_majority=self.special_majority.data or (0, 1),
            least_votes=self.least_votes.data or 0,
            notice_days=self.notice_days.data or 0,
            notice_unit=self.notice_unit.data,
            poll_days=self.poll_days.data or 0,
            special_matters=tuple(key for key in SPECIAL_MATTERS if key in (self.special_matters.data or [])),
            emergency=emergency,
            splitting_days=self.splitting_days.data or 0,
            objection_working_days=self.objection_working_days.data or 0,
            dismissal_working_days=self.dismissal_working_days.data or 0,
            quotations_above_minor=self.quotations_above.data or 0,
            quotation_months=self.quotation_months.data or 0,
            names_published=bool(self.names_published.data),
        )

    @property
    def _filled(self) -> list[Any]:
        return [entry for entry in self.tiers if not entry.form.is_blank]

    def show_refusals(self, refusals: Iterable[Refused]) -> None:
        """Put what ``rulebook.rules.refusals`` found beside the fields that it speaks of."""
        for refusal in refusals:
            sentence = translated(refusal)
            name = refusal.field or ""
            place = name.removeprefix("tiers-")
            if name == "tiers":
                self.tiers.errors = [*self.tiers.errors, sentence]
            elif name.startswith("tiers-") and place.isdecimal():
                told = self._filled[int(place)].form.decided_by
                told.errors = [*told.errors, sentence]
            else:
                self.add_error({"emergency_days": "emergency_pay_hours"}.get(name, name), sentence)


def _tier(form: TierForm) -> Tier:
    """Only what matters for whoever decides: officers have no majority, the council no number of officers."""
    if form.decided_by.data == "officers":
        return Tier(
            form.up_to.data,
            "officers",
            officers=form.officers.data or 0,
            chair_signs=bool(form.chair_signs.data),
            supervisor_opinion=bool(form.supervisor_opinion.data),
            host_countersign=bool(form.host_countersign.data),
        )
    return Tier(
        form.up_to.data,
        form.decided_by.data or "",
        majority=form.majority.data or "ordinary",
        supervisor_opinion=bool(form.supervisor_opinion.data),
        host_countersign=bool(form.host_countersign.data),
    )


def as_fields(book: Rulebook) -> dict[str, Any]:
    """A rulebook for the fields of the form."""
    emergency = book.emergency or Emergency()
    return {
        "tiers": [
            {
                "up_to": tier.up_to_minor,
                "decided_by": tier.decided_by,
                "majority": tier.majority if tier.decided_by == "council" else None,
                "officers": tier.officers or None,
                "chair_signs": tier.chair_signs,
                "supervisor_opinion": tier.supervisor_opinion,
                "host_countersign": tier.host_countersign,
            }
            for tier in book.tiers
        ],
        "quorum": book.quorum,
        "special_majority": book.special_majority,
        "special_matters": list(book.special_matters),
        "least_votes": book.least_votes,
        "poll_days": book.poll_days,
        "notice_days": book.notice_days,
        "notice_unit": book.notice_unit,
        "objection_working_days": book.objection_working_days,
        "dismissal_working_days": book.dismissal_working_days,
        "splitting_days": book.splitting_days,
        "quotations_above": book.quotations_above_minor,
        "quotation_months": book.quotation_months,
        "has_emergency": book.emergency is not None,
        "emergency_up_to": emergency.up_to_minor,
        "emergency_officers": emergency.officers,
        "emergency_pay_hours": emergency.pay_hours,
        "emergency_papers_working_days": emergency.papers_working_days,
        "emergency_ratify_days": emergency.ratify_days,
        "names_published": book.names_published,
    }


class RulesFileForm(Form):
    """An exported file to fill the form from."""

    file = FileField(_("导出的议事规则（JSON 文件）"))
