"""A site with a few pages of its own, each made to show one habit of the frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from flask import Blueprint, Flask, Response, g, url_for
from flask_babel import gettext
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session
from wtforms import TextAreaField

from app.main import create_app
from app.settings import Settings
from app.shared.db import BookHead
from app.shared.db import transaction as transaction_of
from app.shared.errors import N_, Conflict, InputRefused, Refused
from app.shared.money import Money
from app.shared.permissions import Permission
from app.web.access import office_fund, public, requires
from app.web.database import db, session, transaction
from app.web.forms import ChoiceField, DateField, FileField, Given, MoneyField, OnceForm, TextField
from app.web.pages import done, page
from tests import installation
from tests.visitor import Visitor


class PaymentForm(OnceForm):
    """A form with one field of each kind."""

    payee = TextField("收款方", [Given()])
    amount = MoneyField("金额", [Given()])
    paid_on = DateField("日期", [Given()])
    kind = ChoiceField("类别", choices=[("works", "工程"), ("goods", "物资")])
    memo = TextAreaField("说明")
    slip = FileField("回单")


def make_blueprint() -> Blueprint:
    """Pages for the tests of the frame."""
    trial = Blueprint("trial", __name__)
    rendered = iter(range(1_000_000))
    overtakes: list[int] = []

    @trial.get("/counted")
    @public
    def counted() -> Response:
        return Response(f"<p>rendered {next(rendered)} {gettext('首页')}</p>", mimetype="text/html")

    @trial.get("/overtaken")
    @public
    def overtaken() -> Response:
        """The books are written between the look at their revision and the first reading of the page."""
        known = g.public_revision
        if not overtakes:
            overtakes.append(known)
            with Session(db.engine) as other, transaction_of(other, books=True):
                pass
        read = session().scalar(select(BookHead.public_revision))
        return Response(f"<p>{known} {read}</p>", mimetype="text/html")

    @trial.get("/streamed")
    @public
    def streamed() -> Response:
        return Response((f"{next(rendered)}\n" for _ in range(2)), mimetype="text/csv")

    @trial.route("/office/trial", methods=["GET", "POST"])
    @requires(Permission.DISBURSEMENT_PAY)
    def payment() -> Response:
        form = PaymentForm()
        if form.validate_on_submit():
            with form.refusals_shown():
                with transaction():
                    _operation(form)
                return done(url_for("office.home"), "已记")
        return page("trial.html", form=form)

    @trial.get("/office/trial/fund")
    @requires(Permission.DISBURSEMENT_PAY)
    def fund() -> Response:
        return Response(office_fund().slug)

    @trial.get("/office/trial/broken")
    @requires(Permission.OFFICE_ENTER)
    def broken() -> Response:
        raise ValueError("secret detail 4711")

    @trial.get("/office/trial/constraint")
    @requires(Permission.OFFICE_ENTER)
    def constraint() -> Response:
        with transaction() as writing:
            writing.execute(text("INSERT INTO account (code, name, kind) VALUES ('1001', 'x', 'x')"))
        return Response("")

    @trial.get("/office/trial/writes")
    @requires(Permission.OFFICE_ENTER)
    def writes() -> Response:
        session().execute(text("DELETE FROM sign_in_attempt"))
        return Response("written")

    return trial


def _operation(form: PaymentForm) -> None:
    memo = form.memo.data
    if memo == "too much":
        raise Refused(N_("可用余额只有 %(available)s 元"), field="amount", available=Money(35_000_00))
    if memo == "two":
        raise InputRefused(
            [Refused(N_("请填写名称"), field="payee"), Refused(N_("请核对日期"), field="paid_on")]
        )
    if memo == "form":
        raise Refused(N_("这个月已经结账"))
    if memo == "late":
        raise Conflict(N_("已经有人付了"))


TRIAL_PAGE = """{% extends "layouts/office.html" %}{% block heading %}试验{% endblock %}{% block content %}
{{ error_summary(form) }}<form class="form" method="post" enctype="multipart/form-data" novalidate>{{ hidden_fields(form) }}
{{ field(form.payee) }}{{ money_field(form.amount) }}{{ field(form.paid_on) }}{{ field(form.kind) }}
{{ textarea_field(form.memo) }}{{ file_field(form.slip) }}{{ submit("记") }}</form>{% endblock %}"""


@pytest.fixture
def engine_kind() -> str:
    """Most habits of the frame have nothing to do with the database; where they do, a file asks for both."""
    return "sqlite"


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The site with the pages of the trial."""
    from jinja2 import ChoiceLoader, DictLoader

    built = create_app(settings)
    built.register_blueprint(make_blueprint())
    assert built.jinja_loader is not None
    built.jinja_env.loader = ChoiceLoader([DictLoader({"trial.html": TRIAL_PAGE}), built.jinja_loader])
    yield built
    installation.close(built)


@pytest.fixture
def visit(app: Flask, engine: Engine) -> Callable[..., Visitor]:
    """Somebody in front of that site."""
    return partial(installation.visitor, app, engine)
