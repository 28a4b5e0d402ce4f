"""Which language a visitor reads."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from app.shared.errors import N_, Refused
from app.shared.money import Money
from app.web.i18n import accepted, translated


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh_Hans"),
        ("zh", "zh_Hans"),
        ("zh-SG", "zh_Hans"),
        ("zh-TW,en;q=0.5", "zh_Hant"),
        ("zh-HK", "zh_Hant"),
        ("zh-MO", "zh_Hant"),
        ("zh-Hant-HK", "zh_Hant"),
        ("zh-Hans-HK", "zh_Hans"),
        ("en-GB,zh;q=0.2", "en"),
        ("fr,de;q=0.9,en;q=0.1", "en"),
        ("fr", None),
        ("", None),
    ],
)
def test_browser_language_is_understood(header: str, locale: str | None) -> None:
    assert accepted(parse_accept_header(header, LanguageAccept)) == locale


def test_refusal_prints_amounts_and_dates_as_people_write_them(app: Flask) -> None:
    refusal = Refused(
        N_("%(a)s、%(b)s、%(c)s、%(d)s"),
        a=Money(35_000_00),
        b=date(2023, 9, 20),
        c=datetime(2023, 9, 20, 18, 30, tzinfo=UTC),
        d=7,
    )
    with app.test_request_context():
        assert translated(refusal) == "35,000.00、2023-09-20、2023-09-21 02:30、7"
