"""Sign-in, the own page, and the list of users."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for
from flask import session as cookie
from flask_babel import gettext as _
from flask_login import login_user

from app.funds import queries as fund_queries
from app.people import operations, queries, rules
from app.people.forms import EndTermForm, PasswordForm, SignInForm, TermForm, UserForm
from app.shared import clock
from app.shared.errors import N_
from app.shared.permissions import ROLE_NAMES, Actor, Permission
from app.web import office
from app.web.access import (
    SignedInUser,
    actor,
    forget_session,
    local_address,
    public_write,
    requires,
    signed_in,
    user,
)
from app.web.database import session, transaction
from app.web.errors import send_again_page
from app.web.forms import ConfirmForm
from app.web.pages import done, page

blueprint = Blueprint("people", __name__, url_prefix="/office")
office.navigation_entry("people", N_("人员与岗位"), "people.listing", Permission.PEOPLE_MANAGE, order=80)

_KEPT = "kept-"


def identify(secret: str) -> SignedInUser | None:
    """Who is behind the secret in a browser's cookie, with the offices held today."""
    found = queries.signed_in(session(), secret)
    if found is None:
        return None
    if clock.now() - found.last_seen_at > rules.SEEN_EVERY:
        with transaction() as writing:
            operations.touch_session(writing, found.session_id)
    return _signed_in_user(found, secret)


def _signed_in_user(found: queries.SignedIn, secret: str) -> SignedInUser:
    return SignedInUser(
        secret=secret,
        session_id=found.session_id,
        user_id=found.user_id,
        name=found.name,
        email=found.email,
        actor=Actor(found.user_id, found.name, queries.offices(session(), found.user_id)),
        must_change_password=found.must_change_password,
        locale=found.locale,
    )


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public_write
def sign_in() -> Response:
    """Sign in, and go on to where one wanted to go; what was typed before a sign-in expired is still there."""
    onward = local_address(request.args.get("next"), url_for("office.home"))
    if request.method == "GET" and user() is not None:
        return done(onward)
    form = SignInForm()
    kept = _kept_by_sign_in()
    status = None
    if form.validate_on_submit():
        try:
            if _sign_in(form.email.data or "", form.password.data or ""):
                if "kept_address" in request.form:
                    return send_again_page(request.form["kept_address"], kept, 200)
                return done(onward)
            form.form_errors.append(_("邮箱或密码不对，或者账号已停用"))
        except rules.TooManyAttempts as error:
            form.show_refusal(error)
            status = error.status
    return page(
        "people/sign_in.html",
        form=form,
        status=status,
        action=url_for("people.sign_in", next=onward),
        kept_address=request.form.get("kept_address"),
        kept=kept,
    )


def sign_in_again(address: str, fields: list[tuple[str, str]]) -> Response:
    """The page for a form whose sign-in expired: it carries what was typed through the sign-in."""
    return page(
        "people/sign_in.html",
        form=SignInForm(formdata=None),
        status=401,
        action=url_for("people.sign_in"),
        kept_address=address,
        kept=fields,
    )


def _kept_by_sign_in() -> list[tuple[str, str]]:
    return [
        (name.removeprefix(_KEPT), value)
        for name, values in request.form.lists()
        if name.startswith(_KEPT)
        for value in values
    ]


def _sign_in(email: str, password: str) -> bool:
    """The same answer, after the same time, for an unknown e-mail, an ended user and a wrong password."""
    email, address = email.strip().lower(), request.remote_addr or ""
    with transaction() as writing:
        operations.count_attempt(writing, email, address)
    person = queries.user_by_email(session(), email)
    stored = person.password_hash if person is not None and person.ended_at is None else None
    session().rollback()  # the slow part holds no snapshot
    if not rules.password_matches(stored, password) or person is None:
        return False
    with transaction() as writing:
        secret = operations.start_session(
            writing, person.id, browser=request.user_agent.string, email=email, address=address
        )
    found = queries.signed_in(session(), secret)
    if found is None:
        return False
    forget_session()
    login_user(_signed_in_user(found, secret))
    cookie.permanent = False
    return True


@blueprint.post("/sign-out")
@signed_in(before_password_change=True)
def sign_out() -> Response:
    """End this browser's session."""
    person = _person()
    with transaction() as writing:
        operations.end_session(writing, person.actor, person.session_id)
    forget_session()
    return done(url_for("people.sign_in"))


def _person() -> SignedInUser:
    found = user()
    assert found is not None, "the gate let nobody in without a sign-in"
    return found


@blueprint.get("/me")
@signed_in
def me() -> Response:
    """The own page: offices, password, where one is signed in."""
    person = _person()
    return page(
        "people/me.html",
        person=person,
        terms=queries.terms_of(session(), person.user_id),
        sessions=queries.sessions_of(session(), person.user_id),
        today=clock.today(),
        role_names=_role_names(),
        form=ConfirmForm(),
    )


@blueprint.post("/me/sessions/<int:session_id>/end")
@signed_in
def end_session(session_id: int) -> Response:
    """Sign one of the own browsers out."""
    with transaction() as writing:
        operations.end_session(writing, actor(), session_id)
    return done(url_for("people.me"), _("那个浏览器已退出登录"))


@blueprint.route("/me/password", methods=["GET", "POST"])
@signed_in(before_password_change=True)
def change_password() -> Response:
    """Change the own password; every other browser is signed out."""
    person = _person()
    form = PasswordForm()
    if form.validate_on_submit():
        with form.refusals_shown():
            with transaction() as writing:
                operations.change_password(
                    writing,
                    person.actor,
                    current=form.current_password.data or "",
                    new=form.new_password.data or "",
                    keep_session_id=person.session_id,
                )
            return done(url_for("office.home"), _("密码已更改，其他浏览器已退出登录"))
    return page("people/change_password.html", form=form, must=person.must_change_password)


def _role_names() -> dict[str, str]:
    return {role.value: _(name) for role, name in ROLE_NAMES.items()}


@blueprint.get("/people/")
@requires(Permission.PEOPLE_MANAGE)
def listing() -> Response:
    """Everyone who can sign in, or, with ``?ended=1``, who could."""
    ended = request.args.get("ended") == "1"
    return page(
        "people/listing.html",
        users=queries.users(session(), ended=ended),
        ended=ended,
        role_names=_role_names(),
        nav_current="people",
    )


@blueprint.route("/people/add", methods=["GET", "POST"])
@requires(Permission.PEOPLE_MANAGE)
def add() -> Response:
    """Add a user; their first password is shown once."""
    form = UserForm()
    if form.validate_on_submit():
        with form.refusals_shown():
            password = rules.new_password()
            with transaction() as writing:
                person = operations.create_user(
                    writing,
                    actor(),
                    email=form.email.data or "",
                    name=form.name.data or "",
                    password=password,
                )
            return _password_page(person.id, password)
    return page("people/add.html", form=form, nav_current="people")


def _password_page(user_id: int, password: str) -> Response:
    """Not a redirect: the password is in this answer and nowhere else."""
    return page(
        "people/new_password.html",
        person=queries.user(session(), user_id),
        password=password,
        nav_current="people",
    )


@blueprint.get("/people/<int:user_id>")
@requires(Permission.PEOPLE_MANAGE)
def show(user_id: int) -> Response:
    """One user: terms of office, and what can be done."""
    return page(
        "people/show.html",
        person=queries.user(session(), user_id),
        terms=queries.terms_of(session(), user_id),
        today=clock.today(),
        role_names=_role_names(),
        nav_current="people",
    )


@blueprint.route("/people/<int:user_id>/terms/start", methods=["GET", "POST"])
@requires(Permission.PEOPLE_MANAGE)
def start_term(user_id: int) -> Response:
    """Give a user an office."""
    person = queries.user(session(), user_id)
    form = TermForm(starts_on=clock.today())
    form.fund_id.offer((fund.id, fund.name) for fund in fund_queries.choices(session(), actor()))
    if form.validate_on_submit():
        with form.refusals_shown():
            with transaction(books=True) as writing:
                operations.start_term(
                    writing,
                    actor(),
                    user_id=user_id,
                    role=form.role.data,
                    fund_id=form.fund_id.data,
                    seat_number=form.seat_number.data,
                    starts_on=form.starts_on.data or clock.today(),
                    ends_on=form.ends_on.data,
                )
            return done(url_for("people.show", user_id=user_id), _("岗位已登记"))
    return page("people/start_term.html", form=form, person=person, nav_current="people")


@blueprint.route("/people/terms/<int:term_id>/end", methods=["GET", "POST"])
@requires(Permission.PEOPLE_MANAGE)
def end_term(term_id: int) -> Response:
    """Let a term of office end."""
    term = queries.term(session(), term_id)
    form = EndTermForm(ends_on=clock.today())
    if form.validate_on_submit():
        with form.refusals_shown():
            with transaction(books=True) as writing:
                operations.end_term(writing, actor(), term_id, form.ends_on.data or clock.today())
            return done(url_for("people.show", user_id=term.user_id), _("任期的结束日期已登记"))
    return page("people/end_term.html", form=form, term=term, role_names=_role_names(), nav_current="people")


@blueprint.route("/people/<int:user_id>/end", methods=["GET", "POST"])
@requires(Permission.PEOPLE_MANAGE)
def end_user(user_id: int) -> Response:
    """Ask, then end a user's access."""
    person = queries.user(session(), user_id)
    form = ConfirmForm()
    if form.validate_on_submit():
        with form.refusals_shown():
            with transaction(books=True) as writing:
                operations.end_user(writing, actor(), user_id)
            return done(url_for("people.listing"), _("账号已停用"))
    return page("people/end_user.html", form=form, person=person, nav_current="people")


@blueprint.route("/people/<int:user_id>/reset-password", methods=["GET", "POST"])
@requires(Permission.PEOPLE_MANAGE)
def reset_password(user_id: int) -> Response:
    """Ask, then give a user a new password, shown once."""
    person = queries.user(session(), user_id)
    form = ConfirmForm()
    if form.validate_on_submit():
        with form.refusals_shown():
            with transaction() as writing:
                password = operations.reset_password(writing, actor(), user_id)
            return _password_page(user_id, password)
    return page("people/reset_password.html", form=form, person=person, nav_current="people")
