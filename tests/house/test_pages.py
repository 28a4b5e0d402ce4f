"""What holds for every page: one heading, unique ids, labelled fields, no code in the page, the same frame everywhere."""

from __future__ import annotations

import ast
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from jinja2 import nodes
from jinja2_fragments.flask import template_block_rendered
from pypdf import PdfReader

from app.settings import LOCALES, ROOT
from app.shared.permissions import Role
from tests.house.conftest import House
from tests.house.furnishing import PRIVATE_NAME, PRIVATE_PHONE
from tests.house.samples import ALSO
from tests.visitor import Seen, Visitor

TEMPLATES = ROOT / "templates"
LABELLED = "//input[not(@type='hidden') and not(@type='submit')] | //select | //textarea"
NO_CODE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+\s*=|javascript:", re.IGNORECASE)


def _pages(house: House, **headers: str) -> Iterator[tuple[str, Seen]]:
    """Every GET address with the page that somebody who may sees there; files and redirections left out."""
    visitors: dict[tuple[Role | None, str], Visitor] = {}
    for rule in house.rules():
        if "GET" not in (rule.methods or ()) or rule.rule.endswith((".pdf", ".csv", ".json", ".xlsx")):
            continue
        address, reader = house.door(rule)
        who = (reader, rule.endpoint.partition(".")[0] if rule.rule.startswith("/mine/") else "")
        visitor = visitors.get(who) or visitors.setdefault(who, house.in_front_of(rule, reader))
        seen = visitor.get(address, **headers)
        if seen.response.mimetype == "text/html" and seen.status not in (302, 303) and seen.html:
            yield address, seen


def _faults(seen: Seen) -> list[str]:
    faults = []
    tree = seen.tree
    if len(tree.xpath("//h1")) != 1 or not seen.heading:
        faults.append("not exactly one h1 with words")
    if not tree.xpath("//title")[0].text_content().strip():
        faults.append("no title")
    if tree.get("lang") not in ("zh-Hans", "zh-Hant", "en"):
        faults.append("no language")
    twice = [each for each, count in Counter(tree.xpath("//@id")).items() if count > 1]
    if twice:
        faults.append(f"ids used twice: {twice}")
    ids = set(tree.xpath("//@id"))
    labelled = set(tree.xpath("//label/@for"))
    for field in tree.xpath(LABELLED):
        named = field.get("aria-label") or field.get("aria-labelledby") or field.xpath("ancestor::label")
        if not named and field.get("id") not in labelled:
            faults.append(f"field without a label: {field.get('name')}")
    for pointer in ("for", "aria-labelledby", "aria-describedby", "aria-controls"):
        for value in tree.xpath(f"//@{pointer}"):
            faults.extend(f"{pointer} points to nothing: {each}" for each in value.split() if each not in ids)
    targets = [each for each in tree.xpath("//@hx-target") if each.startswith("#")]
    faults += [f"hx-target points to nothing: {each}" for each in targets if each[1:] not in ids]
    forms = tree.xpath("//form[translate(@method, 'POST', 'post')='post'][not(.//input[@name='csrf_token'])]")
    faults += [f"form without a token: {form.get('action')}" for form in forms]
    links = [
        each
        # A picture that leads where the words beside it lead is hidden from whoever hears the page.
        for each in tree.xpath("//a[not(@aria-hidden='true' and @tabindex='-1')]")
        if not (each.text_content().strip() or each.get("aria-label"))
    ]
    faults += [f"link without words: {link.get('href')}" for link in links]
    found = NO_CODE.search(seen.html)
    if found:
        faults.append(f"code in the page: {found.group()}")
    return faults


def test_every_page_is_well_made(house: House) -> None:
    faults = {address: _faults(seen) for address, seen in _pages(house)}
    assert len(faults) > 5
    assert {address: found for address, found in faults.items() if found} == {}


def test_every_address_opens_something(house: House) -> None:
    """A sample that opens nothing would let the other rules pass without looking."""
    shut = [address for address, seen in _pages(house) if seen.status != 200]
    assert shut == []


def test_error_pages_are_well_made(house: House) -> None:
    for status, seen in (
        (404, house.visit().get("/no/such/page")),
        (405, house.visit().get("/office/sign-out")),
        (401, house.visit().post("/office/fund/change", {"name": "x"})),
        (403, house.visit("cashier").get("/office/people/")),
        (400, house.visit("cashier").post("/office/me/password", {"x": "y"}, token=False)),
    ):
        assert seen.status == status
        assert _faults(seen) == []


@pytest.mark.parametrize("locale", LOCALES)
def test_every_page_is_in_the_language_asked_for(house: House, locale: str) -> None:
    for address, seen in _pages(
        house, Accept_Language={"zh_Hant": "zh-TW", "zh_Hans": "zh-CN"}.get(locale, locale)
    ):
        assert seen.tree.get("lang") == locale.replace("_", "-"), address


STRAY = re.compile(r"[。！？；][ \n]+[\u4e00-\u9fff“]")


def test_no_space_stands_between_chinese_sentences(house: House) -> None:
    found = {
        address: STRAY.findall(part.text_content())
        for address, seen in _pages(house, Accept_Language="zh-CN")
        for part in seen.tree.xpath("//main//p")
        if STRAY.search(part.text_content())
    }
    assert found == {}


def test_public_pages_carry_no_token_and_set_no_cookie(house: House) -> None:
    for rule in house.rules():
        if house.access(rule).kind == "public" and "GET" in (rule.methods or ()):
            seen = house.visit("administrator").get(house.address(rule))
            assert "csrf_token" not in seen.html, rule.rule
            assert "Set-Cookie" not in seen.headers, rule.rule
            assert "管理员甲" not in seen.html, rule.rule


def _words_of(seen: Seen) -> str:
    if seen.response.mimetype == "application/pdf":
        return "".join(page.extract_text() for page in PdfReader(io.BytesIO(seen.content)).pages)
    return seen.content.decode("utf-8", "replace")


def test_no_public_answer_holds_a_private_name(house: House) -> None:
    rules = [rule for rule in house.rules() if house.access(rule).kind == "public"]
    addresses = [*(house.address(rule) for rule in rules), *ALSO]
    assert len(addresses) > 15
    for address in addresses:
        for headers in ({}, {"HX_Request": "true"}):
            words = _words_of(house.visit().get(address, **headers))
            for private in (PRIVATE_NAME, PRIVATE_PHONE):
                assert private not in words, address
                assert json.dumps(private)[1:-1] not in words, address


def test_private_name_cannot_be_found_by_searching_for_it(house: House) -> None:
    known = house.visit().get("/ledger.json?q=馕").response.get_json()
    assert known["entries"] != []
    for wanted in (PRIVATE_NAME, PRIVATE_NAME[:2], PRIVATE_PHONE):
        found = house.visit().get(f"/ledger.json?q={wanted}").response.get_json()
        assert found["entries"] == [], wanted


def test_every_template_compiles(house: House) -> None:
    names = [path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.*")]
    assert len(names) > 20
    for name in names:
        if name.endswith((".html", ".txt", ".xml", ".svg")):
            house.app.jinja_env.get_template(name)


def test_templates_hold_no_code_and_no_heading_of_their_own() -> None:
    for path in TEMPLATES.rglob("*.html"):
        if {"pdf", "emails"} & set(path.parts):
            continue
        source = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not NO_CODE.search(source), path
        if "layouts" not in path.parts:
            assert "<h1" not in source, f"{path}: the layout prints the heading"
        assert "|safe" not in source.replace(" ", "") or "components" in path.parts, path


@dataclass(frozen=True)
class Declared:
    """A fragment that a page declares: `page(template, fragment=block)`."""

    template: str
    block: str


def _declared() -> set[Declared]:
    found = set()
    for path in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "page":
                block = next((each.value for each in node.keywords if each.arg == "fragment"), None)
                if isinstance(block, ast.Constant) and isinstance(node.args[0], ast.Constant):
                    found.add(Declared(str(node.args[0].value), str(block.value)))
    return found


def test_every_fragment_renders_alone_and_is_the_element_that_it_replaces(house: House) -> None:
    rendered: set[Declared] = set()
    of_this_page: list[Declared] = []

    def note(_app: Flask, template_name: str, block_name: str, **_: object) -> None:
        of_this_page.append(Declared(template_name, block_name))

    def check(address: str, seen: Seen) -> None:
        for each in of_this_page:
            assert seen.tree.xpath(f"//*[@id='{each.block.replace('_', '-')}']"), f"{each} of {address}"
            assert "<html" not in seen.html, address
        rendered.update(of_this_page)
        of_this_page.clear()

    house.app.extensions["sunledger_kept_pages"].clear()
    with template_block_rendered.connected_to(note):
        for address, seen in _pages(house, HX_Request="true"):
            assert seen.status < 400, address
            check(address, seen)
        for address in ALSO:
            check(address, house.visit().get(address, HX_Request="true"))
    assert _declared() - rendered == set(), "no page that the walk opens shows these fragments"


def test_whole_page_is_given_to_history_and_boosted_links(house: House) -> None:
    for headers in (
        {"HX_Boosted": "true"},
        {"HX_History_Restore_Request": "true"},
        {"HX_Request_Type": "full"},
    ):
        for address, seen in _pages(house, HX_Request="true", **headers):
            assert "<html" in seen.html, f"{address} with {headers}"


def test_no_loop_or_page_hides_a_component(house: House) -> None:
    components = {
        name
        for name in house.app.jinja_env.globals
        if (getattr(house.app.jinja_env.globals[name], "__module__", "") == "app.web.jinja")
    }
    assert "money" in components
    hidden = []
    for path in TEMPLATES.rglob("*.html"):
        if "components" in path.parts:
            continue
        tree = house.app.jinja_env.parse(path.read_text(encoding="utf-8"))
        stored = {each.name for each in tree.find_all(nodes.Name) if each.ctx == "store"}
        hidden += [f"{path.name}: {name}" for name in sorted(stored & components)]
    assert hidden == []
