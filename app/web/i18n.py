"""Languages. Simplified Chinese is the source; the others come from catalogues in app/translations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Protocol

from flask import Flask, Response, current_app, g, has_request_context, request
from flask_babel import Babel, get_translations, gettext
from flask_babel import force_locale as _force_locale  # noqa: TID251 - see speaking
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from app.settings import LOCALES, ROOT
from app.shared import clock
from app.shared.errors import SunledgerError
from app.shared.money import Money, yuan

HTML_LANGUAGES = {"zh_Hans": "zh-Hans", "zh_Hant": "zh-Hant", "en": "en"}
LOCALE_NAMES = {"zh_Hans": "简体", "zh_Hant": "繁體", "en": "English"}
_COOKIE = "lang"
# Values that can be names of ours: 银行, 非限定.
_NAMES = frozenset({"account", "earmark"})
_YEAR = 365 * 86400


def install(app: Flask, default_locale: str) -> None:
    """Make translations available to views and templates."""
    app.config["SUNLEDGER_DEFAULT_LOCALE"] = default_locale
    Babel(
        app,
        default_locale="zh_Hans",
        default_timezone=clock.DEFAULT_ZONE,
        default_translation_directories=str(ROOT / "app" / "translations"),
        locale_selector=locale,
    )
    app.after_request(_remember)


def locale() -> str:
    """The language of this request: ``?lang``, then the cookie, then what the browser accepts, then the default."""
    chosen: str | None = g.get("locale")
    if chosen is None:
        if not has_request_context():
            default: str = current_app.config["SUNLEDGER_DEFAULT_LOCALE"]
            return default
        chosen = g.locale = _choose()
    return chosen


def catalogue() -> Any:
    """The catalogue of the present language: a page translates a hundred texts."""
    found = g.get("catalogue")
    if found is None:
        found = g.catalogue = _catalogue_of(locale())
    return found


@lru_cache(maxsize=len(LOCALES))
def _catalogue_of(language: str) -> Any:
    with _force_locale(language):
        return get_translations()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Translate into ``language`` for as long as the block lasts, whatever the visitor reads."""
    before = g.get("catalogue")
    g.catalogue = _catalogue_of(language)
    try:
        with _force_locale(language):
            yield
    finally:
        g.catalogue = before


def text(msgid: str) -> str:
    """``msgid`` in the visitor's language, without values in it."""
    translated: str = catalogue().ugettext(msgid)
    return translated


def localized(words: str) -> str:
    """A text of the books in the visitor's language where it is one of ours (非限定, 银行, 捐款), else as it was written."""
    return text(words) if words else words


def html_lang() -> str:
    """The language of this request as HTML writes it."""
    return HTML_LANGUAGES[locale()]


def _choose() -> str:
    for wish in (request.args.get("lang"), request.cookies.get(_COOKIE)):
        if wish in LOCALES:
            return wish
    header = request.headers.get("Accept-Language", "")
    return _first_accepted(header) or current_app.config["SUNLEDGER_DEFAULT_LOCALE"]


@lru_cache(maxsize=512)
def _first_accepted(header: str) -> str | None:
    return accepted(parse_accept_header(header, LanguageAccept))


def accepted(languages: LanguageAccept) -> str | None:
    """The first language of an Accept-Language header that we speak. zh-TW, zh-HK and zh-MO read Traditional Chinese."""
    for tag in languages.values():
        parts = tag.replace("_", "-").lower().split("-")
        if parts[0] == "zh":
            traditional = "hans" not in parts and not {"hant", "tw", "hk", "mo"}.isdisjoint(parts)
            return "zh_Hant" if traditional else "zh_Hans"
        if parts[0] == "en":
            return "en"
    return None


def _remember(response: Response) -> Response:
    wish = request.args.get("lang")
    if wish in LOCALES and wish != request.cookies.get(_COOKIE):
        response.set_cookie(
            _COOKIE,
            wish,
            max_age=_YEAR,
            httponly=True,
            samesite="Lax",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
        )
        # A cache between us and many visitors must not hand this visitor's choice to the others.
        if response.cache_control.public:
            response.cache_control.public = False
            response.cache_control.private = True
    return response


class Said(Protocol):
    """A sentence in the source language with its values: a refusal, a note."""

    @property
    def sentence(self) -> str: ...
    @property
    def values(self) -> Mapping[str, Any]: ...


def translated(error: Said) -> str:
    """The sentence of a refusal or a note in the visitor's language, with amounts and dates as people write them."""
    values = {
        name: gettext(value) if name in _NAMES and value and isinstance(value, str) else shown(value)
        for name, value in error.values.items()
    }
    return str(gettext(error.sentence, **values))


def shown(value: Any) -> str:
    """A value inside a sentence: Money as 1,234.00, a date as 2023-09-20, an instant in the fund's time."""
    if isinstance(value, Money):
        return yuan(value.minor)
    if isinstance(value, datetime):
        return f"{clock.local(value):%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, SunledgerError):
        return translated(value)
    if isinstance(value, (list, tuple)):
        return "、".join(shown(item) for item in value)
    return str(value)
