"""Where a member of the council says whether their name may stand beside their vote."""

from __future__ import annotations

from flask import Blueprint, Response, url_for
from flask_babel import gettext as _

from app.council.consents import operations, queries
from app.council.consents.forms import WordForm
from app.council.rulebook.queries import rules_in_force
from app.shared.permissions import COUNCIL_SEATS, Permission
from app.web.access import actor, office_fund, requires
from app.web.database import session
from app.web.pages import attempt, done, page

blueprint = Blueprint("consents", __name__, url_prefix="/office/council/name")


@blueprint.route("/", methods=["GET", "POST"])
@requires(Permission.MATTER_VOTE)
def own() -> Response:
    """What it means, what stands now, and the other word to give: with a page that says the consequences before it."""
    who, fund = actor(), office_fund()
    assert who.user_id is not None
    standing = queries.consent_of(session(), fund.id, who.user_id)
    is_given = standing is not None and standing.is_given
    form = WordForm()
    if form.validate_on_submit():
        wanted = form.word.data == "give"
        if attempt(form, lambda writing: operations.give_word(writing, who, fund.id, is_given=wanted)):
            said = _("您的同意已登记") if wanted else _("已经撤回，公开页面从现在起只显示席位")
            return done(url_for("consents.own"), said)
    form.word.data = "withdraw" if is_given else "give"
    return page(
        "consents/own.html",
        form=form,
        name=who.name,
        is_given=is_given,
        history=queries.consents_of(session(), fund.id, who.user_id),
        seat=next(
            (
                each.seat_number
                for each in who.offices
                if each.role in COUNCIL_SEATS and each.fund_id == fund.id
            ),
            None,
        ),
        rules_allow=rules_in_force(session(), fund.id).book.names_published,
        nav_current="council-rules",
    )
