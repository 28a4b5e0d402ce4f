"""Who may open what. Every view carries a marker; a view without one is refused.

    @public                         anyone, reading; the page is the same for everyone and may be cached
    @public(cached=False)           anyone, reading; pages with a token or a sign-in state
    @public_write                   anyone, also writing (questions, objections, sign-in); rate-limited by its package
    @signed_in                      whoever is signed in
    @requires(Permission.X)         whoever may X in the office's current fund

Operations check again, in the fund of the record: ``actor.require(permission, fund_id)``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, overload
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, redirect, request, url_for
from flask import session as cookie
from flask_login import LoginManager, UserMixin, current_user
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.routing import IntegerConverter, Map

from app.shared.errors import N_, Forbidden
from app.shared.permissions import Actor, Permission
from app.web.database import session

View = TypeVar("View", bound=Callable[..., Any])
_MARK = "__sunledger_access__"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# A signed-in person may send a file that is too large and be told so beside its field; a stranger is cut off earlier.
OFFICE_MAX_BYTES = 128 * 1024 * 1024
PUBLIC_MAX_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Access:
    """What a view's marker says. ``kind``: public, public_write, signed_in or requires."""

    kind: str
    permission: Permission | None = None
    cached: bool = False
    before_password_change: bool = False
    personal: bool = False


# Whoever needs one of these to open a page is shown names or contacts on it.
_OF_PERSONAL_DATA = frozenset({Permission.PERSONAL_READ, Permission.CONSENT_RECORD})


@dataclass(frozen=True)
class SignedInUser(UserMixin):  # type: ignore[misc]
    """The person behind a request, as Flask-Login and the templates know them. ``secret`` is that of the session row."""

    secret: str
    session_id: int
    user_id: int
    name: str
    email: str
    actor: Actor
    must_change_password: bool = False
    locale: str | None = None

    def get_id(self) -> str:
        """The secret of the session row, never the user's id: a row that is ended signs a copied cookie out too."""
        return self.secret


class FundChoice(Protocol):
    """A fund that the office can work in."""

    @property
    def id(self) -> int: ...
    @property
    def slug(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def time_zone(self) -> str: ...


def _mark(view: View, access: Access) -> View:
    setattr(view, _MARK, access)
    return view


@overload
def public(view: View) -> View: ...
@overload
def public(*, cached: bool = True) -> Callable[[View], View]: ...
def public(view: View | None = None, *, cached: bool = True) -> View | Callable[[View], View]:
    """Anyone may read. ``cached``: the page depends on nothing but its address, language and the public data."""
    if view is not None:
        return _mark(view, Access("public", cached=True))
    return lambda each: _mark(each, Access("public", cached=cached))


def public_write(view: View) -> View:
    """Anyone may read and send; the package limits the rate."""
    return _mark(view, Access("public_write"))


@overload
def signed_in(view: View) -> View: ...
@overload
def signed_in(*, before_password_change: bool = False) -> Callable[[View], View]: ...
def signed_in(
    view: View | None = None, *, before_password_change: bool = False
) -> View | Callable[[View], View]:
    """Whoever is signed in, whatever their office."""
    if view is not None:
        return _mark(view, Access("signed_in"))
    return lambda each: _mark(each, Access("signed_in", before_password_change=before_password_change))


def requires(permission: Permission, *, personal: bool = False) -> Callable[[View], View]:
    """Whoever may ``permission`` in the office's current fund.

    ``personal``: the page shows true names or contacts, so who opened it is noted (app.web.reading).
    """
    noted = personal or permission in _OF_PERSONAL_DATA
    return lambda view: _mark(view, Access("requires", permission=permission, personal=noted))


def access_of(view: Callable[..., Any] | None) -> Access | None:
    """The marker of a view function, or None when it has none."""
    return getattr(view, _MARK, None)


class _LoginManager(LoginManager):  # type: ignore[misc]
    def _update_remember_cookie(self, response: Response) -> Response:
        # The original reads the session cookie on every response, which would make public pages vary by cookie.
        # There is no remember-me here.
        return response


login_manager = _LoginManager()
login_manager.session_protection = None  # addresses of phones change; the session row is what can be revoked


class IntConverter(IntegerConverter):
    """A whole number in an address, no larger than a database holds: a longer one leads nowhere."""

    def __init__(self, url_map: Map, fixed_digits: int = 0) -> None:
        super().__init__(url_map, fixed_digits, max=2**63 - 1)


def install_gate(
    app: Flask,
    *,
    identify: Callable[[str], SignedInUser | None],
    funds: Callable[[Session, Actor], Sequence[FundChoice]],
    check_form: Callable[[], None],
) -> None:
    """Put the gate before every view.

    ``identify`` finds the person behind a session secret; ``funds`` the funds an actor can work in; ``check_form``
    raises when a form came without its token.
    """
    app.url_map.converters["int"] = IntConverter
    login_manager.init_app(app, add_context_processor=False)
    login_manager.user_loader(identify)
    app.extensions["sunledger_funds"] = funds
    app.extensions["sunledger_check_form"] = check_form
    app.before_request(_gate)
    app.after_request(_remember_fund)


def user() -> SignedInUser | None:
    """Whoever is signed in, or None."""
    found = current_user
    return found._get_current_object() if found.is_authenticated else None


def actor() -> Actor:
    """The actor to hand to operations; on a page open to anyone, one without a name or any office."""
    found = user()
    return found.actor if found else Actor(user_id=None, name="")


def office_funds() -> Sequence[FundChoice]:
    """The funds that the signed-in person can work in."""
    if "office_funds" not in g:
        g.office_funds = current_app.extensions["sunledger_funds"](session(), actor())
    found: Sequence[FundChoice] = g.office_funds
    return found


def office_fund() -> FundChoice:
    """The fund that the office works in now: the one asked for by ``?fund=``, else the one chosen before, else the first.

    404 when there is none yet.
    """
    found: FundChoice | None = g.get("office_fund")
    if found is None:
        found = _choose_fund(None)
    if found is None:
        abort(404, N_("还没有任何基金，请先由系统管理员建立基金"))
    return found


def _choose_fund(permission: Permission | None) -> FundChoice | None:
    choices = office_funds()
    asked = request.args.get("fund")
    if asked:
        found = next((each for each in choices if each.slug == asked), None)
        if found is None:
            abort(404)
        g.remember_fund = found.slug
        return found
    kept = next((each for each in choices if each.slug == request.cookies.get("fund")), None)
    if kept is not None:
        return kept
    may = (each for each in choices if permission is None or actor().may(permission, each.id))
    return next(may, choices[0] if choices else None)


def _gate() -> Response | None:
    if request.endpoint is None:
        return None
    access = access_of(current_app.view_functions.get(request.endpoint))
    if access is None:
        current_app.logger.error("view %s has no access marker", request.endpoint)
        raise NotFound
    g.access = access
    writes = request.method not in SAFE_METHODS
    if writes:
        refuse_foreign_origin()
    if access.kind in ("public", "public_write"):
        request.max_content_length = PUBLIC_MAX_BYTES
        if writes and access.kind == "public":
            abort(405)
        if writes:
            current_app.extensions["sunledger_check_form"]()
        return None
    person = user()
    if person is None:
        return _sign_in_first(writes)
    request.max_content_length = OFFICE_MAX_BYTES
    if writes:
        current_app.extensions["sunledger_check_form"]()
    if person.must_change_password and not access.before_password_change:
        return redirect(url_for("people.change_password"), code=303)  # type: ignore[return-value]
    if access.kind == "requires":
        assert access.permission is not None
        fund = g.office_fund = _choose_fund(access.permission)
        person.actor.require(access.permission, fund.id if fund else None)
    return None


def _sign_in_first(writes: bool) -> Response:
    address = url_for("people.sign_in", next=here())
    if request.headers.get("HX-Request") == "true" and not writes:
        return Response(status=401, headers={"HX-Redirect": address})
    if writes:
        abort(401)  # the error page keeps what was typed
    return redirect(address, code=302)  # type: ignore[return-value]


def here() -> str:
    """The address of this request inside the site."""
    return request.full_path if request.query_string else request.path


def local_address(address: str | None, otherwise: str) -> str:
    """``address`` when it points into this site, else ``otherwise``: a sign-in never sends anyone elsewhere."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")):
        return otherwise
    parts = urlsplit(address)
    plain = not parts.scheme and not parts.netloc and "\\" not in address and address.isprintable()
    return address if plain else otherwise


def refuse_foreign_origin() -> None:
    """Refuse a form that another site sent: the second line behind the form's token."""
    came_from = request.headers.get("Sec-Fetch-Site")
    if came_from is not None:
        foreign = came_from not in ("same-origin", "none")
    else:
        origin = request.headers.get("Origin")
        foreign = origin is not None and urlsplit(origin).netloc != request.host
    if foreign:
        raise Forbidden(N_("这份表单来自别的网站，没有处理"))


def _remember_fund(response: Response) -> Response:
    slug = g.get("remember_fund")
    if slug and slug != request.cookies.get("fund"):
        response.set_cookie(
            "fund",
            slug,
            max_age=365 * 86400,
            httponly=True,
            samesite="Lax",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
        )
    return response


def forget_session() -> None:
    """Forget everything in the session cookie: nothing of one person's visit reaches the next."""
    cookie.clear()
    g.pop("csrf_token", None)
