"""Somebody in front of the site without JavaScript: opens pages, fills in the forms that are on them, sends them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from lxml import html
from werkzeug.test import TestResponse

Fields = dict[str, Any]


@dataclass
class Seen:
    """An answer as a person sees it."""

    response: TestResponse

    def __post_init__(self) -> None:
        self.status = self.response.status_code
        self.headers = self.response.headers
        self.content = self.response.get_data()
        self.response.close()
        self.html = self.content.decode() if (self.response.mimetype or "").startswith("text/") else ""
        self._tree: html.HtmlElement | None = None

    @property
    def tree(self) -> html.HtmlElement:
        """The page, parsed."""
        if self._tree is None:
            self._tree = html.document_fromstring(self.html or "<p></p>")
            for area in self._tree.iter("textarea"):  # a browser drops the first line break
                area.text = (area.text or "").removeprefix("\r").removeprefix("\n")
        return self._tree

    @property
    def location(self) -> str:
        """Where the answer sends one: path and query."""
        parts = urlsplit(self.headers.get("Location", ""))
        return parts.path + (f"?{parts.query}" if parts.query else "")

    @property
    def heading(self) -> str:
        """The words of the one h1."""
        (found,) = self.tree.xpath("//h1")
        return _words(found)

    @property
    def words(self) -> str:
        """All words of the page's main part."""
        found = self.tree.xpath("//main")
        return _words(found[0] if found else self.tree)

    def error_at(self, field: str) -> str:
        """The sentence beside a field; "" when there is none."""
        found = self.tree.xpath(f"//*[@id='{field}-error']")
        return _words(found[0]).removeprefix("错误：") if found else ""

    @property
    def error_summary(self) -> str:
        """The words of the summary above the form; "" when there is none."""
        found = self.tree.xpath("//*[@id='error-summary']")
        return _words(found[0]) if found else ""

    @property
    def notices(self) -> list[str]:
        """The notices on the page."""
        return [
            _words(each) for each in self.tree.xpath("//*[contains(concat(' ', @class, ' '), ' notice ')]")
        ]

    def value_of(self, field: str) -> str:
        """What a field of the page's form holds."""
        form = next(each for each in self.forms() if field in each.fields)
        return form.fields[field] or ""

    def forms(self) -> list[html.FormElement]:
        """The forms of the page's main part that send something."""
        return [
            form for form in self.tree.xpath("//main//form") if form.get("method", "get").lower() == "post"
        ]

    def links(self) -> set[str]:
        """The addresses that the main part links to."""
        return {str(each) for each in self.tree.xpath("//main//a/@href")}


def _words(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


class Visitor:
    """A browser with its cookies."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self._token: tuple[str, str] | None = None

    def carry(self, secret: str) -> None:
        """Carry the cookie of somebody who is signed in."""
        with self.client.session_transaction() as cookie:
            cookie["_user_id"] = secret
            cookie["_fresh"] = True

    def _session(self) -> str:
        with self.client.session_transaction() as cookie:
            return str(cookie.get("csrf_token"))

    def get(self, path: str, **headers: str) -> Seen:
        """Open a page."""
        return Seen(self.client.get(path, headers=_headers(headers)))

    def follow(self, seen: Seen) -> Seen:
        """Go where an answer sends one."""
        assert seen.status in (302, 303), f"{seen.status} leads nowhere: {seen.words[:200]}"
        return self.get(seen.location)

    def submit(self, path: str, fields: Fields | None = None, *, form: int = 0, **headers: str) -> Seen:
        """Open the page, fill in its form (what is not named stays as it is) and send it."""
        return self.send(self.get(path), fields, form=form, path=path, **headers)

    def send(
        self, seen: Seen, fields: Fields | None = None, *, form: int = 0, path: str = "", **headers: str
    ) -> Seen:
        """Fill in a form of a page that is open and send it. A file is `(bytes, "name.pdf")`."""
        assert seen.status in (200, 400, 401, 409, 422, 429), f"{seen.status}: {seen.words[:200]}"
        chosen = seen.forms()[form]
        known = {*chosen.fields, *chosen.xpath(".//button/@name")}
        typed = fields or {}
        unknown = {name for name in typed if name not in known}
        assert not unknown, f"the form has no {unknown}; it has {known}"
        sent: list[tuple[str, str]] = [
            (name, value) for name, value in chosen.form_values() if name not in typed
        ]
        data: dict[str, Any] = {}
        for name, value in sent:
            data.setdefault(name, []).append(value)
        for name, value in typed.items():
            if isinstance(value, tuple) and isinstance(value[0], bytes):
                data[name] = (io.BytesIO(value[0]), value[1])
            elif value is not None:
                data[name] = value
        action = chosen.get("action") or path
        return Seen(
            self.client.post(action, data=data, headers=_headers(headers), content_type=chosen.get("enctype"))
        )

    def post(self, path: str, fields: Fields | None = None, *, token: bool = True, **headers: str) -> Seen:
        """Send fields without looking at a form, with a token of this browser unless told otherwise."""
        data = dict(fields or {})
        if token:
            data["csrf_token"] = self.token()
        return Seen(self.client.post(path, data=data, headers=_headers(headers)))

    def token(self) -> str:
        """A form token of this browser, asked for again only when its session is another."""
        if self._token and self._session() == self._token[0]:
            return self._token[1]
        for path in ("/office/sign-in", "/office/me/password"):
            found = self.get(path).tree.xpath("//input[@name='csrf_token']/@value")
            if found:
                self._token = (self._session(), str(found[0]))
                return self._token[1]
        raise AssertionError("no page with a token")


def _headers(headers: dict[str, str]) -> dict[str, str]:
    """`HX_Request="true"` becomes the header HX-Request."""
    return {name.replace("_", "-"): value for name, value in headers.items()}
