"""Voting on a matter, signing it, ending its vote; and what of it waits for whom. The page is that of the matter's subject."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.council import operations, queries
from app.council.balloting import layouts
from app.council.balloting.forms import DECLARED, RECUSALS, SignForm, VoteForm
from app.council.balloting.registry import Summary, is_shown, page_of, summary_of
from app.council.layouts import arithmetic, progress, rules_facts
from app.council.models import Matter
from app.council.rules import Tally, last_day, quorum_reached
from app.council.states import CHOICES, DECIDERS
from app.shared.errors import N_, NotFound
from app.shared.money import yuan
from app.shared.permissions import COUNCIL_SEATS, Actor, Permission, Role
from app.web import office
from app.web.access import FundChoice, actor, requires
from app.web.database import session
from app.web.forms import ConfirmForm
from app.web.pages import attempt, done

blueprint = Blueprint("balloting", __name__, url_prefix="/office/matters")

_TITLES = {"council": N_("理事会表决"), "officers": N_("负责人签批"), "emergency": N_("紧急支出签批")}
_CHOICE_HINTS = {
    "approve": N_("同意您读到的这些内容"),
    "reject": N_("不同意，须写明理由"),
    "abstain": N_("不表态；计入到会人数，等于不赞成"),
    "recuse": N_("您或家人、单位、生意与它有关；计入到会人数，不计入表决人数"),
}
_SIGN_WORDS = {
    "officer": N_("这项议题由负责人签批。有一人不同意就不通过。"),
    "opinion": N_("请写明监督意见。意见不论是否支持，都记入档案；没有意见不能生效。"),
    "host": N_("理事会已经通过。托管机构会签同意后生效；不同意就不通过。"),
    "host_decision": N_("没有利害关系的理事不足，理事会不能表决，由托管机构决定。"),
}
_SIGN_REASONS = {
    "officer": N_("不同意必须写明；同意可以不写。"),
    "opinion": N_("必须写明。"),
    "host": N_("不同意必须写明；同意可以不写。"),
    "host_decision": N_("不同意必须写明；同意可以不写。"),
}
_RECUSED = {
    "submitter": N_("申请由您提交，您已经回避；回避也计入到会人数。"),
    "signed": N_("这笔紧急支出由您签批，追认时您已经回避；回避也计入到会人数。"),
    "declared": N_("您与这项议题有利害关系，已经回避；回避也计入到会人数。"),
}
"""Why there is no ballot for somebody, by the kind of interest; "declared" stands for every other kind."""
EMERGENCY = "emergency"
_SIGN_TAGS = {
    "officer": N_("待签批"),
    "opinion": N_("待出具意见"),
    "host": N_("待会签"),
    "host_decision": N_("待决定"),
}


@dataclass(frozen=True, slots=True)
class Ballot:
    """What the person who looks can do about a vote: a form, a sentence why not or what they did, or neither."""

    form: VoteForm | None = None
    sentence: str | None = None


@dataclass(frozen=True, slots=True)
class Signing:
    """The signature that waits for the person who looks."""

    kind: str
    form: SignForm
    title: str
    words: str
    reason_hint: str


@dataclass(frozen=True, slots=True)
class MatterView:
    """A matter as the templates ``balloting/_act.html`` and ``balloting/_matter.html`` show it. ``key`` makes ids unique."""

    key: str
    matter: Matter
    title: str
    tally: Tally
    result: str
    progress: str | None
    ballot: Ballot
    signing: Signing | None
    may_close: bool
    votes: list[dict[str, str | None]]
    versions: list[layouts.VoteVersion]
    signatures: list[dict[str, Any]]
    facts: list[tuple[str, str]]
    last_day: date | None
    choice_hints: dict[str, str] = field(default_factory=dict)

    @property
    def acts(self) -> bool:
        """Whether there is anything to do, or to be told, for the person who looks."""
        return bool(self.ballot.form or self.ballot.sentence or self.signing)


def view_of(
    reading: Session, who: Actor, matter: Matter, typed: VoteForm | SignForm | None = None, *, title: str = ""
) -> MatterView:
    """Everything about a matter for whoever looks. ``typed``: a form that came back, with what was typed and its errors."""
    tally, terms = queries.tally(reading, matter), queries.terms_of(reading, matter)
    signatures = queries.signatures_of(reading, matter.id)
    votes = queries.member_votes_of(reading, matter.id)
    is_poll = matter.decided_by == "council"
    return MatterView(
        key=f"matter-{matter.id}",
        matter=matter,
        title=title or str(_(_TITLES[matter.decided_by])),
        tally=tally,
        result=arithmetic(matter, tally, terms, signatures),
        progress=progress(tally, terms) if is_poll and matter.status == "open" else None,
        ballot=_ballot(reading, who, matter, typed if isinstance(typed, VoteForm) else None),
        signing=_signing(reading, who, matter, typed if isinstance(typed, SignForm) else None),
        may_close=is_poll
        and matter.status == "open"
        and who.holds(Role.CHAIR, matter.fund_id)
        and quorum_reached(tally),
        votes=layouts.vote_chips(votes),
        versions=layouts.vote_versions(votes) if any(vote.source != "matched" for vote in votes) else [],
        signatures=layouts.signature_items(reading, matter),
        facts=rules_facts(reading, matter),
        last_day=last_day(matter.closes_at) if matter.closes_at and matter.status == "open" else None,
        choice_hints={choice: str(_(hint)) for choice, hint in _CHOICE_HINTS.items()},
    )


def _ballot(reading: Session, who: Actor, matter: Matter, form: VoteForm | None) -> Ballot:
    seated = any(each.role in COUNCIL_SEATS and each.fund_id == matter.fund_id for each in who.offices)
    if matter.status != "open" or matter.decided_by != "council" or not seated or who.user_id is None:
        return Ballot()
    kind = queries.conflict_of(reading, matter.id, who.user_id)
    if kind is not None:
        return Ballot(sentence=_(_RECUSED.get(kind, _RECUSED["declared"])))
    given = queries.vote_by(reading, matter.id, who.user_id)
    form = form or VoteForm(formdata=None)
    form.text_hash.data = matter.text_hash
    if given is None:
        return Ballot(form)
    said = _("您已经表决过了：%(choice)s。截止前可以改，每一次都留下记录。", choice=_(CHOICES[given.choice]))
    return Ballot(form, said)


def _signing(reading: Session, who: Actor, matter: Matter, form: SignForm | None) -> Signing | None:
    kind = operations.may_endorse(reading, who, matter)
    if kind is None and form is not None:
        kind = form.kind.data if form.kind.data in layouts.SIGN_TITLES else None
    if kind is None:
        return None
    form = form or SignForm(formdata=None)
    form.text_hash.data, form.kind.data = matter.text_hash, kind
    form.reason.flags.optional = kind != "opinion"
    if kind == "opinion":
        form.choice.choices = [
            type(each)(each.value, layouts.opinion_name(str(each.value))) for each in form.choice.choices
        ]
    return Signing(
        kind, form, layouts.sign_title(kind), str(_(_SIGN_WORDS[kind])), str(_(_SIGN_REASONS[kind]))
    )


@office.waits_for_you(order=0)
def ballots_that_wait(reading: Session, who: Actor, fund: FundChoice) -> list[office.WorkItem]:
    """Votes that this member has not cast and signatures that this person has not given, those that end first before the
    others."""
    if who.user_id is None:
        return []
    seated = any(each.role in COUNCIL_SEATS and each.fund_id == fund.id for each in who.offices)
    to_vote = {each.id for each in queries.waiting_for(reading, fund.id, who.user_id)} if seated else set()
    waiting: list[tuple[Matter, str, str]] = []
    for matter in queries.undecided_matters(reading, fund.id):
        if not is_shown(matter.type):
            continue
        kind = operations.may_endorse(reading, who, matter)
        if kind is not None:
            waiting.append((matter, _(_SIGN_TAGS[kind]), _("去签字")))
        elif matter.id in to_vote:
            waiting.append((matter, _("待表决"), _("去表决")))
    waiting.sort(
        key=lambda each: (each[0].closes_at is None, each[0].closes_at or each[0].opened_at, each[0].id)
    )
    return [_item(reading, *each) for each in waiting]


def _item(reading: Session, matter: Matter, tag: str, action: str) -> office.WorkItem:
    summary = summary_of(reading, matter)
    details = [
        _("第 %(number)s 号", number=summary.number) if summary.number else "",
        summary.gains,
        _("批准后剩 %(amount)s 元", amount=yuan(summary.left_minor))
        if summary.left_minor is not None
        else "",
        _(DECIDERS[matter.decided_by]) if matter.decided_by == EMERGENCY else "",
    ]
    until = last_day(matter.closes_at).isoformat() if matter.closes_at and matter.status == "open" else None
    return office.WorkItem(
        title=summary.title,
        url=summary.url,
        detail=" · ".join(filter(None, details)) or None,
        amount_minor=matter.amount_minor,
        due=_("%(day)s 截止", day=until) if until else matter.opened_at,
        tag=("wait", tag),
        action=action,
    )


def _readable(matter_id: int) -> Matter:
    """A matter that the person may read, in whichever fund; NotFound for any other, so that numbers tell nothing."""
    found = queries.matter(session(), matter_id)
    if not actor().may(Permission.DISBURSEMENT_READ, found.fund_id):
        raise NotFound(N_("没有这项议题"))
    return found


def _summary(matter: Matter) -> Summary:
    return summary_of(session(), matter)


@blueprint.route("/<int:matter_id>/vote", methods=["POST"])
@requires(Permission.MATTER_VOTE)
def vote(matter_id: int) -> Response:
    """First show the vote once more, then cast it."""
    matter = _readable(matter_id)
    form = VoteForm()
    if "change" in request.form or not form.validate_on_submit():
        return page_of(matter, typed=form)
    choice, reason = form.choice.data, form.reason.data or ""
    kind = (form.conflict_kind.data or "") if choice == "recuse" else ""
    if "confirmed" not in request.form:
        if not _is_complete(form, choice, kind, reason):
            return page_of(matter, typed=form)
        return page_of(
            matter,
            "balloting/confirm_vote.html",
            form=form,
            summary=_summary(matter),
            choice_name=_(CHOICES[choice]),
            kind_name=_(RECUSALS[kind]) if kind else None,
        )
    text_hash = form.text_hash.data or ""

    def cast(writing: Session) -> None:
        found = queries.matter(writing, matter_id)
        operations.cast_vote(writing, actor(), found, choice, reason, text_hash, kind)

    if attempt(form, cast):
        return done(_summary(matter).url, _("您的表决已记录"))
    return page_of(_readable(matter_id), typed=form)


def _is_complete(form: VoteForm, choice: str, kind: str, reason: str) -> bool:
    if choice == "reject" and not reason:
        form.add_error("reason", _("反对请写明理由"))
    if choice == "recuse" and not kind:
        form.add_error("conflict_kind", _("请选择回避的原因"))
    if choice == "recuse" and kind == DECLARED and not reason:
        form.add_error("reason", _("回避请写明原因"))
    return not form.is_refused


@blueprint.route("/<int:matter_id>/close", methods=["GET", "POST"])
@requires(Permission.MATTER_VOTE)
def close(matter_id: int) -> Response:
    """Ask, then end a vote whose quorum is reached."""
    matter = _readable(matter_id)
    form = ConfirmForm()
    if form.validate_on_submit() and attempt(
        form, lambda writing: operations.close_vote(writing, actor(), queries.matter(writing, matter_id))
    ):
        return done(_summary(matter).url, _("表决已结束"))
    matter = _readable(matter_id)
    return page_of(
        matter,
        "balloting/close.html",
        form=form,
        summary=_summary(matter),
        view=view_of(session(), actor(), matter),
    )


@blueprint.route("/<int:matter_id>/sign", methods=["POST"])
@requires(Permission.DISBURSEMENT_READ)
def sign(matter_id: int) -> Response:
    """First show the signature once more, then give it: of an officer, the supervisor's opinion, the host's."""
    matter = _readable(matter_id)
    form = SignForm()
    if "change" in request.form or not form.validate_on_submit():
        return page_of(matter, typed=form)
    kind, choice, reason = form.kind.data or "", form.choice.data, form.reason.data or ""
    if "confirmed" not in request.form:
        if (choice == "reject" or kind == "opinion") and not reason:
            form.add_error("reason", _("请写明意见"))
            return page_of(matter, typed=form)
        return page_of(
            matter,
            "balloting/confirm_signature.html",
            form=form,
            summary=_summary(matter),
            kind_name=layouts.sign_title(kind),
            choice_name=layouts.choice_name(kind, choice),
        )
    text_hash = form.text_hash.data or ""

    def endorse(writing: Session) -> None:
        found = queries.matter(writing, matter_id)
        operations.endorse(writing, actor(), found, kind, choice, reason, text_hash)

    if attempt(form, endorse):
        return done(_summary(matter).url, _("您的签字已记录"))
    return page_of(_readable(matter_id), typed=form)
