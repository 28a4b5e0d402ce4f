"""A motion as anyone may read it: only what was submitted and public copies of papers, never a draft or a person."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.council import queries as council
from app.council.consents.queries import PublicVote, public_votes
from app.council.issuing.queries import IssueView, WantedGoods, goods_of, issues_of
from app.council.issuing.rules import wanted_of
from app.council.models import Matter
from app.council.motions import queries as motions
from app.council.motions.models import Motion, MotionText
from app.council.motions.queries import LeafPlace
from app.council.notice.queries import Standing, standing
from app.council.repurposing.queries import ChangeView, change_of_motion, view_of
from app.council.rules import Signature, Tally, Terms
from app.files.queries import FileRow, files_of
from app.shared.errors import N_, NotFound

VOTES_SHOWN = ("approved", "rejected", "lapsed")


@dataclass(frozen=True, slots=True)
class Round:
    """One text that was put to the vote, and how that went. ``votes`` only once it is decided."""

    matter: Matter
    tally: Tally
    terms: Terms
    signatures: list[Signature]
    votes: list[PublicVote]
    recusals: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class PublicMotion:
    """Everything about a motion that anyone may read."""

    motion: Motion
    text: MotionText
    texts: list[MotionText]
    rounds: list[Round]
    files: list[FileRow]
    leaves: list[LeafPlace]
    receiver: str
    goods: list[WantedGoods]
    issues: list[IssueView]
    standing: Standing | None
    repurposing: ChangeView | None

    @property
    def closed_at(self) -> datetime | None:
        """When it was taken back."""
        return self.motion.closed_at


def public_motion(session: Session, number: str) -> PublicMotion:
    """A motion by its public number. Raises NotFound for drafts as for unknown numbers."""
    found = motions.published(session, number)
    texts = motions.texts_of(session, found.id)
    if not texts:
        raise NotFound(N_("没有这份提案"))
    rounds = [_round(session, each) for each in council.matters_of(session, motions.SUBJECT, found.id)]
    return PublicMotion(
        found,
        texts[-1],
        texts,
        rounds,
        files_of(session, motions.SUBJECT, found.id, only_public=True),
        motions.leaves_of(session, found.id),
        *_goods(session, found, texts[-1]),
        standing(session, motions.SUBJECT, found.id),
        _change(session, found),
    )


def _goods(
    session: Session, found: Motion, text: MotionText
) -> tuple[str, list[WantedGoods], list[IssueView]]:
    """For whom, which goods and what was handed out; of a motion that was returned only what stood in its last text."""
    if text.topic != "goods":
        return "", [], []
    wanted = wanted_of(motions.details_of(text))
    return wanted.receiver, goods_of(session, wanted, found.id), issues_of(session, found.id)


def _change(session: Session, found: Motion) -> ChangeView | None:
    """How far a change of purpose that was resolved has come; None before that."""
    change = change_of_motion(session, found.id) if found.topic == "purpose" else None
    return None if change is None else view_of(session, change)


def _round(session: Session, matter: Matter) -> Round:
    votes = public_votes(session, matter)
    kinds = Counter(each.conflict_kind for each in votes if each.conflict_kind is not None)
    return Round(
        matter,
        council.tally(session, matter),
        council.terms_of(session, matter),
        council.signatures_of(session, matter.id),
        votes if matter.status in VOTES_SHOWN else [],
        sorted(kinds.items()) if matter.status in VOTES_SHOWN else [],
    )
