"""Dates and numbers in headings stay on one line."""

from __future__ import annotations

from markupsafe import Markup

from app.web.jinja import unbroken


def test_date_month_and_number_are_kept_whole() -> None:
    assert unbroken("结清 2023-09 的账？") == '结清 <span class="num">2023-09</span> 的账？'
    assert unbroken("Reverse the gift of 2023-09-20?").count('<span class="num">2023-09-20</span>') == 1


def test_names_are_escaped_once_and_addresses_left_alone() -> None:
    assert unbroken("<b> & 2023-09") == '&lt;b&gt; &amp; <span class="num">2023-09</span>'
    link = Markup('<a href="/x/2023-09">12-2023-091</a>')
    assert unbroken(link) == link
