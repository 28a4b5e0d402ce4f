"""Settings of the fund and of its host; what the frame of every page says."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Flask, Response, g, url_for
from flask_babel import gettext as _
from werkzeug.local import LocalProxy

from app.funds import operations, queries
from app.funds.forms import BuyersForm, FundForm, HostForm
from app.shared.errors import N_
from app.shared.permissions import Permission
from app.web import office
from app.web.access import actor, office_fund, requires
from app.web.caching import kept
from app.web.database import session, transaction
from app.web.pages import done, page

blueprint = Blueprint("funds", __name__, url_prefix="/office/fund")
office.navigation_entry("fund", N_("基金设置"), "funds.settings", Permission.FUND_MANAGE, order=90)


@dataclass(slots=True)
class _Site:
    """Read at most once for a request, and only by pages that print it."""

    facts: queries.SiteFacts | None


def install_site(app: Flask) -> None:
    """Give every template ``site``; a page of one fund passes its own."""
    app.jinja_env.globals["site"] = LocalProxy(_site)


def _site() -> queries.SiteFacts | None:
    found: _Site | None = g.get("site")
    if found is None:
        chosen = g.get("office_fund")
        fund_id = chosen.id if chosen else None
        found = g.site = _Site(kept(("site", fund_id), lambda: queries.site(session(), fund_id)))
    return found.facts


@blueprint.get("/")
@requires(Permission.FUND_MANAGE)
def settings() -> Response:
    """What the fund and its host say about themselves."""
    fund = queries.fund(session(), office_fund().id)
    return page("funds/settings.html", fund=fund, host=fund.host, nav_current="fund")


@blueprint.route("/change", methods=["GET", "POST"])
@requires(Permission.FUND_MANAGE)
def change_fund() -> Response:
    """Change the fund's name, description, date and telephone."""
    fund = queries.fund(session(), office_fund().id)
    form = FundForm(obj=fund)
    if form.validate_on_submit():
        with form.refusals_shown():
            with transaction(books=True) as writing:
                operations.change_fund(
                    writing,
                    actor(),
                    fund.id,
                    founded_on=form.founded_on.data,
                    name=form.name.data,
                    description=form.description.data,
                    phone=form.phone.data,
                )
            return done(url_for("funds.settings"), _("已保存"))
    return page("funds/change.html", form=form, title=_("基金信息"), nav_current="fund")


@blueprint.route("/host", methods=["GET", "POST"])
@requires(Permission.FUND_MANAGE)
def change_host() -> Response:
    """Change what is said of the host charity."""
    host = queries.fund(session(), office_fund().id).host
    form = HostForm(obj=host)
    if form.validate_on_submit():
        with form.refusals_shown():
            with transaction(books=True) as writing:
                texts = {name: getattr(form, name).data for name in operations.HOST_TEXTS}
                operations.change_host(writing, actor(), host.id, **texts)
            return done(url_for("funds.settings"), _("已保存"))
    return page("funds/change.html", form=form, title=_("托管机构信息"), nav_current="fund")


@blueprint.route("/buyers", methods=["GET", "POST"])
@requires(Permission.FUND_MANAGE)
def buyers() -> Response:
    """Say whether buyers at charity sales may have their payment confirmed on paper."""
    host = queries.fund(session(), office_fund().id).host
    form = BuyersForm(allowed="yes" if host.confirms_buyers else "no")
    if form.validate_on_submit():
        with form.refusals_shown():
            with transaction() as writing:
                operations.let_buyers_have_confirmations(
                    writing, actor(), host.id, allowed=form.allowed.data == "yes"
                )
            return done(url_for("funds.settings"), _("已保存"))
    return page("funds/buyers.html", form=form, host=host, nav_current="fund")
