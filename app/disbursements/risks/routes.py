"""Signs of risk as the office's pages show them; there is no page of their own, and none is public."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for

from app.council.queries import matter_of, rules_of
from app.council.rulebook.queries import rules_in_force
from app.disbursements import queries
from app.disbursements.models import Disbursement
from app.disbursements.risks.queries import signs
from app.disbursements.risks.rules import Limits, Sign
from app.disbursements.states import ENDED, PAID
from app.shared.permissions import Permission
from app.web.access import actor
from app.web.database import session
from app.web.i18n import translated

OVER = (*ENDED, *PAID)
"""Nothing is decided or paid any more: what was a sign then would be judged by what came later."""


@dataclass(frozen=True, slots=True)
class SignShown:
    """A sentence, and where to look."""

    text: str
    url: str | None


def signs_of(found: Disbursement) -> list[SignShown] | None:
    """The signs of a request that is still to be decided or paid; None for one that is over."""
    if found.status in OVER:
        return None
    return [SignShown(translated(sign), _address(sign)) for sign in signs(session(), found, _limits(found))]


def _limits(found: Disbursement) -> Limits:
    """The numbers of the rules that the request is, or would be, decided under."""
    matter = matter_of(session(), queries.SUBJECT, found.id)
    rules = rules_of(session(), matter) if matter else rules_in_force(session(), found.fund_id)
    book = rules.book
    return Limits(
        tuple(tier.up_to_minor for tier in book.tiers if tier.up_to_minor is not None),
        book.splitting_days,
        book.quotations_above_minor,
        book.quotation_months,
    )


def _address(sign: Sign) -> str | None:
    if sign.request_id is None:
        return url_for("disbursements.listing")
    other = queries.disbursement(session(), sign.request_id)
    if not actor().may(Permission.DISBURSEMENT_READ, other.fund_id):
        return None
    if sign.part == "account":
        return url_for("payees.account", disbursement_id=other.id)
    return url_for("dossier.show", disbursement_id=other.id, _anchor=sign.part)
