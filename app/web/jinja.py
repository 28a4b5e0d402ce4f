"""The template language of the site: filters, components, addresses of static files."""

from __future__ import annotations

import re
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import segno
from flask import Flask, current_app, request, url_for
from flask.templating import Environment
from flask_login import current_user
from jinja2 import StrictUndefined
from jinja2.runtime import Macro
from markupsafe import Markup, escape

from app.settings import LOCALES, ROOT
from app.shared import clock
from app.shared.money import plain_yuan, yuan
from app.web import static_files
from app.web.caching import kept_piece
from app.web.i18n import (
    HTML_LANGUAGES,
    LOCALE_NAMES,
    catalogue,
    html_lang,
    locale,
    localized,
    shown,
    text,
    translated,
)

COMPONENTS = ROOT / "templates" / "components"


class Templates(Environment):
    """Flask's, whose templates see the globals themselves.

    Jinja lays a chain of mappings before them, which costs a tenth of a page: each page copies a hundred of them one by
    one. The chain is there for globals given to one template, which no template of ours is.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The globals of a template."""
        return super().make_globals(d) if d else self.globals


def install(app: Flask) -> None:
    """Set up the Jinja environment of ``app``."""
    environment = app.jinja_env
    environment.undefined = StrictUndefined
    # Flask-Babel's own look the catalogue up for every text.
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        text, lambda one, many, count: catalogue().ungettext(one, many, count), newstyle=True
    )
    environment.filters.update(
        yuan=yuan,
        plain_yuan=plain_yuan,
        day=day,
        moment=moment,
        clock_time=clock_time,
        shown=shown,
        localized=localized,
        unbroken=unbroken,
        told=translated,
        qr=qr,
    )
    environment.globals.update(
        static_url=static_files.url,
        static_integrity=static_files.integrity,
        kept_piece=kept_piece,
        ways_to_read=ways_to_read,
        _=sentence,
        gap=gap,
        current_user=current_user,
        LOCALE_NAMES=LOCALE_NAMES,
        HTML_LANGUAGES=HTML_LANGUAGES,
    )
    environment.globals.update(_component_macros(app))
    app.context_processor(_language)


def day(on: date) -> str:
    """A civil date as the site prints it: 2023-09-20."""
    return on.isoformat()[:10]


def moment(at: datetime) -> str:
    """An instant as read on a clock of the fund: 2023-11-06 09:12."""
    return f"{clock.local(at):%Y-%m-%d %H:%M}"


def clock_time(at: datetime) -> str:
    """The time of day of an instant: 09:12."""
    return f"{clock.local(at):%H:%M}"


def gap() -> str:
    """What stands between two sentences: a space, which Chinese does not write."""
    return "" if locale().startswith("zh") else " "


def qr(address: str, border: int = 2) -> Markup:
    """An address of ours as a code that a telephone reads, with so many empty modules around it."""
    code = segno.make(address, error="m", micro=False)
    # Made by segno from our own address, so it is safe as markup.
    return Markup(code.svg_inline(border=border, omitsize=True))  # noqa: S704


_UNBREAKABLE = re.compile(r"<[^>]*>|\b\d{4}-\d{2}(?:-\d{2})?\b")


def unbroken(words: str | Markup) -> Markup:
    """A heading whose dates, months and numbers (2023-09-20, 2023-09) stay on one line: browsers break at hyphens."""

    def kept_whole(found: re.Match[str]) -> str:
        return found[0] if found[0].startswith("<") else f'<span class="num">{found[0]}</span>'

    return Markup(_UNBREAKABLE.sub(kept_whole, escape(words)))  # noqa: S704 - escaped above


def sentence(message: str, **values: Any) -> Markup:
    """``message`` in the visitor's language with ``values`` in it, escaped, as Jinja's newstyle gettext gives it: for ``_``."""
    return _markup_of(catalogue(), message) % values if values else _plain_markup_of(catalogue(), message)


@lru_cache(maxsize=4096)
def _markup_of(translations: Any, message: str) -> Markup:
    return Markup(translations.ugettext(message))  # noqa: S704 - texts of the catalogues are ours


@lru_cache(maxsize=4096)
def _plain_markup_of(translations: Any, message: str) -> Markup:
    return _markup_of(translations, message) % {}


@dataclass(frozen=True, slots=True)
class WaysToRead:
    """The address of this page in each language, and in each size of text."""

    languages: dict[str, str]
    sizes: dict[str, str]


def ways_to_read() -> WaysToRead:
    """The address of this page in each language and size of text: the foot of every page offers them."""
    if request.endpoint is None:
        address, query = "", {}
    else:
        address = url_for(request.endpoint, **(request.view_args or {}))
        query = request.args.to_dict(flat=False)
    # Most addresses say neither, so the rest of the query is written out once for all five.
    whole = _encoded(query)
    return WaysToRead(
        {code: _with(address, query, whole, "lang", code) for code in LOCALES},
        {size: _with(address, query, whole, "text", size) for size in ("large", "normal")},
    )


def _with(address: str, query: dict[str, list[str]], whole: str, name: str, value: str) -> str:
    if name in query:
        return f"{address}?{_encoded({**query, name: [value]})}"
    return f"{address}?{whole}&{name}={value}" if whole else f"{address}?{name}={value}"


def _encoded(query: dict[str, list[str]]) -> str:
    """A query as url_for writes it."""
    return urlencode(query, doseq=True, safe="!$'()*,/:;?@") if query else ""


def component(name: str) -> Callable[..., Markup]:
    """The macro ``name`` of templates/components, for code that keeps what it makes."""
    found: Callable[..., Markup] = current_app.jinja_env.globals[name]  # type: ignore[assignment]
    return found


def _language() -> dict[str, Any]:
    return {"locale": locale(), "html_lang": html_lang(), "text_direction": "ltr"}


def _component_macros(app: Flask) -> dict[str, Callable[..., Markup]]:
    """Every macro of templates/components/*.html by its name.

    A fragment does not see what its page imports, so components are globals. Their modules are compiled when the first
    of them is called, because they translate when they run.
    """
    found: dict[str, Callable[..., Markup]] = {}
    for path in sorted(COMPONENTS.glob("[!_]*.html")):
        template = f"components/{path.name}"
        source = app.jinja_env.parse(path.read_text(encoding="utf-8"))
        for node in source.body:
            name = getattr(node, "name", None)
            if type(node).__name__ == "Macro" and name and not name.startswith("_"):
                if name in found:
                    raise RuntimeError(f"two components are called {name}")
                found[name] = _component(app, template, name)
    return found


def _component(app: Flask, template: str, name: str) -> Callable[..., Markup]:
    @lru_cache(maxsize=1)
    def macro() -> Macro:
        found: Macro = getattr(app.jinja_env.get_template(template).module, name)
        return found

    def call(*arguments: Any, **named: Any) -> Markup:
        return Markup(macro()(*arguments, **named))  # noqa: S704 - what a macro returns is markup already

    call.__name__ = name
    return call
