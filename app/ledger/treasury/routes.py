"""A fund's money in the office: accounts, moves, interest, charges, purposes, months."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.ledger import queries as ledger
from app.ledger.accounts import ENTRY_KINDS, MONEY_ACCOUNT_NAMES
from app.ledger.correction.operations import reverse_entry
from app.ledger.operations import Posted
from app.ledger.structure.models import Earmark, MoneyAccount
from app.ledger.treasury import operations, queries
from app.ledger.treasury.forms import (
    AccountForm,
    EarmarkForm,
    EntryReversalForm,
    FeeForm,
    InterestForm,
    MoneyForm,
    NumberForm,
    OpeningForm,
    ProjectForm,
    SubsidyForm,
    TransferForm,
)
from app.people.queries import names_of
from app.shared import clock
from app.shared.errors import N_, NotFound, Refused
from app.shared.money import yuan
from app.shared.permissions import Permission
from app.web import office
from app.web.access import actor, office_fund, requires
from app.web.database import session, transaction
from app.web.forms import ConfirmForm
from app.web.i18n import localized
from app.web.pages import attempt, done, page

blueprint = Blueprint("treasury", __name__, url_prefix="/office/treasury")
office.navigation_entry("treasury", N_("资金"), "treasury.accounts", Permission.BOOKS_READ, order=50)

DAYS = 60
_SUBJECT = "money_account"


def _shown(template: str, **context: Any) -> Response:
    return page(template, nav_current="treasury", **context)


def _may(permission: Permission) -> bool:
    return actor().may(permission, office_fund().id)


@blueprint.get("/")
@requires(Permission.BOOKS_READ)
def accounts() -> Response:
    """The money accounts with what is in them, and what can be done."""
    fund = office_fund()
    rows = queries.accounts_on(session(), fund.id, clock.today())
    return _shown(
        "ledger/accounts.html",
        rows=rows,
        held_minor=sum(row.balance_minor for row in rows),
        kinds=_names(MONEY_ACCOUNT_NAMES),
        may_post=_may(Permission.BOOKS_POST),
        may_move=_may(Permission.MONEY_MOVE),
        may_correct=_may(Permission.BOOKS_CORRECT),
    )


def _names(names: dict[str, str]) -> dict[str, str]:
    return {key: _(name) for key, name in names.items()}


@blueprint.get("/accounts/<int:account_id>")
@requires(Permission.BOOKS_READ)
def account(account_id: int) -> Response:
    """One money account, day by day."""
    found = ledger.money_account(session(), account_id, office_fund().id)
    before = _asked_day()
    days = queries.account_days(session(), account_id, before=before, limit=DAYS + 1)
    more = len(days) > DAYS
    days = days[:DAYS]
    address = url_for("treasury.account", account_id=account_id)
    return _shown(
        "ledger/account.html",
        fragment="account_days",
        account=found,
        kinds=_names(MONEY_ACCOUNT_NAMES),
        balance_minor=ledger.balance_on(session(), account_id, clock.today()),
        days=days,
        older_url=url_for("treasury.account", account_id=account_id, before=days[-1].on) if more else None,
        newest_url=address if before else None,
    )


def _asked_day() -> date | None:
    try:
        return date.fromisoformat(request.args.get("before", ""))
    except ValueError:
        return None


@blueprint.route("/accounts/add", methods=["GET", "POST"])
@requires(Permission.BOOKS_POST)
def add_account() -> Response:
    """Add a money account."""
    form = AccountForm()
    if form.validate_on_submit():
        with form.refusals_shown():
            with transaction(books=True) as writing:
                operations.open_money_account(
                    writing, actor(), office_fund().id, form.kind.data, form.name.data or ""
                )
            return done(url_for("treasury.accounts"), _("资金账户已添加"))
    return _shown("ledger/add_account.html", form=form)


@blueprint.route("/transfer", methods=["GET", "POST"])
@requires(Permission.MONEY_MOVE)
def transfer() -> Response:
    """Move money between two accounts of the fund."""
    form = TransferForm(occurred_on=clock.today())
    choices = _account_choices()
    form.source.offer(choices)
    form.target.offer(choices)
    if form.validate_on_submit():
        with form.refusals_shown():
            with transaction(books=True) as writing:
                posted = operations.transfer_money(
                    writing,
                    actor(),
                    ledger.money_account(writing, form.source.data, office_fund().id),
                    ledger.money_account(writing, form.target.data, office_fund().id),
                    form.amount.data or 0,
                    _day(form),
                    fee_minor=form.fee.data or 0,
                    memo=form.memo.data or "",
                    key=form.once.data,
                )
            return _posted(posted)
    return _shown("ledger/transfer.html", form=form)


def _account_choices() -> list[tuple[int, str]]:
    """The accounts in use, each with what is in it today."""
    rows = queries.accounts_on(session(), office_fund().id, clock.today())
    return [
        (
            row.id,
            _("%(name)s（余额 %(balance)s 元）", name=localized(row.name), balance=yuan(row.balance_minor)),
        )
        for row in rows
    ]


def _posted(posted: Iterable[Posted]) -> Response:
    numbers = "、".join(str(each.number) for each in posted)
    return done(url_for("treasury.accounts"), _("已记账：第 %(numbers)s 号分录", numbers=numbers))


def _day(form: MoneyForm | TransferForm) -> date:
    day = form.occurred_on.data
    assert day is not None, "the form was validated: a day is given"
    return day


def _money_page(
    form: Any,
    title: str,
    explanation: str,
    post: Callable[[Session, MoneyAccount, Earmark], Posted],
    fields: tuple[str, ...] = (),
) -> Response:
    """A page that posts one amount in one account for one purpose. ``fields``: what stands on it besides."""
    fund = office_fund()
    form.account.offer(_account_choices())
    form.earmark.offer(
        (each.id, localized(each.name)) for each in ledger.open_earmarks_of(session(), fund.id)
    )
    if form.validate_on_submit():
        with form.refusals_shown():
            with transaction(books=True) as writing:
                into = ledger.money_account(writing, form.account.data, fund.id)
                posted = post(writing, into, ledger.earmark(writing, form.earmark.data))
            return _posted([posted])
    return _shown("ledger/money.html", form=form, title=title, explanation=explanation, fields=fields)


@blueprint.route("/opening", methods=["GET", "POST"])
@requires(Permission.BOOKS_POST)
def opening() -> Response:
    """Record money that was there before this system."""
    form = OpeningForm()

    def post(writing: Session, into: MoneyAccount, earmark: Earmark) -> Posted:
        return operations.record_opening(
            writing,
            actor(),
            into,
            earmark,
            form.amount.data or 0,
            _day(form),
            donor_name=form.donor_name.data or "",
            key=form.once.data,
        )

    explanation = _(
        "启用本系统之前已有的钱。每个用途、每位已知的捐赠人各记一条，以后才能说清是谁的钱用在了哪里。"
    )
    return _money_page(form, _("期初余额"), explanation, post, ("donor_name",))


@blueprint.route("/interest", methods=["GET", "POST"])
@requires(Permission.BOOKS_POST)
def interest() -> Response:
    """Record interest."""
    form = InterestForm(occurred_on=clock.today())

    def post(writing: Session, into: MoneyAccount, earmark: Earmark) -> Posted:
        return operations.record_interest(
            writing, actor(), into, form.amount.data or 0, _day(form), earmark=earmark, key=form.once.data
        )

    explanation = _("银行或钱包付给的利息。捐赠协议没有另外约定，就记入非限定。")
    return _money_page(form, _("利息收入"), explanation, post)


@blueprint.route("/subsidy", methods=["GET", "POST"])
@requires(Permission.BOOKS_POST)
def subsidy() -> Response:
    """Record a government subsidy."""
    form = SubsidyForm(occurred_on=clock.today())

    def post(writing: Session, into: MoneyAccount, earmark: Earmark) -> Posted:
        return operations.record_subsidy(
            writing,
            actor(),
            into,
            earmark,
            form.amount.data or 0,
            _day(form),
            description=form.description.data or "",
            key=form.once.data,
        )

    explanation = _("政府部门给的补助。拨款文件指定了用途的，先添加限定用途再登记。")
    return _money_page(form, _("政府补助"), explanation, post, ("description",))


@blueprint.route("/fee", methods=["GET", "POST"])
@requires(Permission.BOOKS_POST)
def fee() -> Response:
    """Record a charge of a bank or wallet."""
    form = FeeForm(occurred_on=clock.today())

    def post(writing: Session, out_of: MoneyAccount, earmark: Earmark) -> Posted:
        return operations.record_fee(
            writing,
            actor(),
            out_of,
            form.amount.data or 0,
            _day(form),
            earmark=earmark,
            description=form.description.data or "",
            key=form.once.data,
        )

    explanation = _("银行或钱包直接扣的手续费、管理费。只能由尚未预留的钱承担。")
    return _money_page(form, _("手续费"), explanation, post, ("description",))


@blueprint.get("/purposes")
@requires(Permission.BOOKS_READ)
def purposes() -> Response:
    """Purposes with their money, and projects."""
    fund = office_fund()
    return _shown(
        "ledger/purposes.html",
        pools=ledger.pools_of(session(), fund.id),
        projects=ledger.projects_of(session(), fund.id),
        may_post=_may(Permission.BOOKS_POST),
    )


@blueprint.route("/purposes/add", methods=["GET", "POST"])
@requires(Permission.BOOKS_POST)
def add_earmark() -> Response:
    """Add a purpose that binds money, or one that the council sets aside."""
    fund = office_fund()
    proposed = f"{fund.slug}-purpose-{len(ledger.earmarks_of(session(), fund.id))}"
    form = EarmarkForm(slug=proposed, restriction="restricted")
    if form.validate_on_submit():
        with form.refusals_shown():
            with transaction(books=True) as writing:
                operations.create_earmark(
                    writing,
                    actor(),
                    fund.id,
                    form.slug.data or "",
                    form.name.data or "",
                    form.restriction.data,
                )
            return done(url_for("treasury.purposes"), _("用途已添加"))
    return _shown("ledger/add_earmark.html", form=form)


@blueprint.route("/purposes/<int:earmark_id>/close", methods=["GET", "POST"])
@requires(Permission.BOOKS_POST)
def close_earmark(earmark_id: int) -> Response:
    """Ask, then end a purpose whose money is used."""
    found = ledger.earmark(session(), earmark_id)
    if found.fund_id != office_fund().id:
        raise NotFound(N_("没有这个用途"))
    name, form = localized(found.name), ConfirmForm()
    if form.validate_on_submit() and attempt(
        form, lambda writing: operations.close_earmark(writing, actor(), earmark_id)
    ):
        return done(url_for("treasury.purposes"), _("用途已结束"))
    return _shown("ledger/close_earmark.html", form=form, name=name)


@blueprint.route("/projects/add", methods=["GET", "POST"])
@requires(Permission.BOOKS_POST)
def add_project() -> Response:
    """Add something that money is spent on."""
    fund = office_fund()
    form = ProjectForm(slug=f"{fund.slug}-project-{len(ledger.projects_of(session(), fund.id)) + 1}")
    if form.validate_on_submit():
        with form.refusals_shown():
            with transaction(books=True) as writing:
                operations.create_project(
                    writing, actor(), fund.id, form.slug.data or "", form.name.data or ""
                )
            return done(url_for("treasury.purposes"), _("项目已添加"))
    return _shown("ledger/add_project.html", form=form)


@blueprint.get("/months")
@requires(Permission.BOOKS_READ)
def months() -> Response:
    """Months, open and closed."""
    rows = queries.months(session(), office_fund().id, clock.today())
    return _shown(
        "ledger/months.html",
        rows=rows,
        names=names_of(session(), [row.changed_by_id for row in rows]),
        may_close=_may(Permission.PERIOD_CLOSE),
    )


@blueprint.route("/months/<month>/close", methods=["GET", "POST"])
@requires(Permission.PERIOD_CLOSE)
def close_month(month: str) -> Response:
    """Ask, then close a month that has ended."""
    fund = office_fund()
    row = next(
        (each for each in queries.months(session(), fund.id, clock.today()) if each.month == month), None
    )
    if row is None or not row.has_ended:
        raise NotFound(N_("没有可以结账的 %(month)s"), month=month)
    form = ConfirmForm()
    if form.validate_on_submit():
        with form.refusals_shown():
            with transaction(books=True) as writing:
                operations.close_month(writing, actor(), fund.id, month)
            return done(url_for("treasury.months"), _("%(month)s 已结账", month=month))
    return _shown("ledger/close_month.html", form=form, month=month)


@blueprint.route("/reverse", methods=["GET", "POST"])
@requires(Permission.BOOKS_CORRECT)
def reverse() -> Response:
    """Find an entry of this part of the books by its number, say why, reverse it."""
    number_form = NumberForm(request.args) if "number" in request.args else NumberForm(None)
    entry = None
    if "number" in request.args and number_form.validate():
        with number_form.refusals_shown():
            entry = _reversible(number_form.number.data or 0)
    if entry is None:
        return _shown("ledger/find_entry.html", form=number_form)
    form = EntryReversalForm()
    if form.validate_on_submit():
        with form.refusals_shown():
            with transaction(books=True) as writing:
                posted = reverse_entry(writing, actor(), entry.number, form.reason.data or "")
            return _posted([posted])
    return _shown("ledger/reverse.html", form=form, entry=entry, kinds=_names(ENTRY_KINDS))


def _reversible(number: int) -> queries.EntryRow:
    """An entry recorded on these pages. Others are put right where they were made, with all that hangs on them."""
    try:
        entry = queries.entry_row(session(), office_fund().id, number)
    except NotFound as missing:
        raise Refused(missing.sentence, field="number", **missing.values) from missing
    if entry.source_type != _SUBJECT:
        raise Refused(
            N_("第 %(number)s 号分录是%(kind)s，请在那条记录的页面更正或冲销"),
            field="number",
            number=number,
            kind=_(ENTRY_KINDS[entry.kind]),
        )
    return entry
