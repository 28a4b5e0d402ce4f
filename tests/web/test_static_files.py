"""Static files are kept by browsers for as long as they stay the same."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from app.web import static_files
from tests.visitor import Visitor

Visit = Callable[..., Visitor]


def test_address_with_the_right_digest_is_kept_for_a_year(visit: Visit, app: Flask) -> None:
    seen = visit().get(static_files.url("css/site.css"))
    assert seen.status == 200
    assert seen.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert seen.headers["Content-Type"].startswith("text/css")


def test_address_with_an_old_digest_still_answers_but_is_not_kept_for_ever(visit: Visit) -> None:
    seen = visit().get("/static/000000000000/css/site.css")
    assert seen.status == 200
    assert "immutable" not in seen.headers["Cache-Control"]


def test_nothing_outside_of_the_folder_is_served(visit: Visit) -> None:
    for path in (
        "../app/settings.py",
        "..%2fapp%2fsettings.py",
        "css/../../pyproject.toml",
        "css",
        "no/such.css",
    ):
        seen = visit().get(f"/static/0/{path}")
        assert seen.status in (404, 308), path
        assert b"import" not in seen.content


def test_vendored_files_are_pinned_by_their_recorded_hash(app: Flask) -> None:
    assert static_files.integrity("vendor/htmx.org@4.0.1/htmx.min.js").startswith("sha384-")
