"""Who gets through which door: every route × every office × every method."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.shared.permissions import ROLE_PERMISSIONS, Permission, Role
from app.web.access import SAFE_METHODS
from tests.house.conftest import House

ROUTE_LIST = Path(__file__).with_name("route-list.txt")
MAY_ANSWER = {200, 302, 303, 304, 404, 405, 409, 422}
# Signs the walker out, or asks for a password instead of an office; each has tests of its own.
SIGN_OUT = "people.sign_out"


def _methods(rule_methods: set[str] | None) -> list[str]:
    return sorted((rule_methods or set()) - {"HEAD", "OPTIONS"})


def test_every_route_carries_a_marker(house: House) -> None:
    bare = [rule.endpoint for rule in house.rules() if not house.access(rule)]
    assert bare == []
    assert len(house.rules()) > 10


def test_office_is_never_public_and_what_is_public_is_not_in_the_office(house: House) -> None:
    for rule in house.rules():
        kind = house.access(rule).kind
        if rule.rule.startswith("/office/") and rule.endpoint != "people.sign_in":
            assert kind in ("signed_in", "requires"), rule.rule
        else:
            assert kind in ("public", "public_write"), rule.rule


def test_reading_markers_never_allow_writing(house: House) -> None:
    for rule in house.rules():
        if house.access(rule).kind == "public":
            assert set(rule.methods or ()) <= SAFE_METHODS, rule.rule


def test_route_list_is_as_recorded(house: House) -> None:
    lines = []
    for rule in house.rules():
        access = house.access(rule)
        who = access.permission.value if access.permission else access.kind
        lines.append(f"{','.join(_methods(rule.methods)):9} {rule.rule}  {who}\n")
    now = "".join(lines)
    if not ROUTE_LIST.exists() or ROUTE_LIST.read_text() != now:
        before = ROUTE_LIST.read_text() if ROUTE_LIST.exists() else ""
        ROUTE_LIST.write_text(now)
        assert before == now, f"{ROUTE_LIST.name} was written anew: look at the difference, then commit it"


@pytest.mark.parametrize("role", [None, *Role], ids=lambda role: role or "stranger")
def test_every_door_opens_for_its_offices_only(house: House, role: Role | None) -> None:
    wrong = []
    visitor = house.visit(role)
    for rule in house.rules():
        access = house.access(rule)
        for method in _methods(rule.methods):
            if rule.endpoint == SIGN_OUT and role is not None:
                continue
            # Writing goes to what does not exist, so that the walk changes nothing on its way.
            address = house.address(rule, existing=method == "GET")
            if method == "GET":
                seen = visitor.get(address)
            elif rule.arguments:
                seen = visitor.post(address)
            else:
                seen = visitor.post(address, {"no-such-field": "1"})
            expected = _expected(access.kind, access.permission, role, method)
            if seen.status not in expected:
                wrong.append(f"{method} {address}: {seen.status}, not in {sorted(expected)}")
            if role is None and expected == {302} and not seen.location.startswith("/office/sign-in?next="):
                wrong.append(f"{method} {address} leads to {seen.location}")
    assert wrong == []


def _expected(kind: str, permission: Permission | None, role: Role | None, method: str) -> set[int]:
    if kind in ("public", "public_write"):
        return MAY_ANSWER
    if role is None:
        return {302} if method == "GET" else {401}
    if permission is None or permission in ROLE_PERMISSIONS[role]:
        return MAY_ANSWER
    return {403}


@pytest.mark.parametrize("role", [None, Role.ADMINISTRATOR], ids=lambda role: role or "stranger")
def test_wrong_methods_are_refused_everywhere(house: House, role: Role | None) -> None:
    visitor = house.visit(role)
    for rule in house.rules():
        address = house.address(rule)
        for method in ("PUT", "PATCH", "DELETE"):
            assert visitor.client.open(address, method=method).status_code == 405, f"{method} {address}"


def test_no_form_is_taken_without_its_token(house: House) -> None:
    for rule in house.rules():
        if "POST" not in (rule.methods or ()):
            continue
        seen = house.visit(house.readers(rule)[0] or Role.ADMINISTRATOR).post(
            house.address(rule, existing=False), {"name": "x"}, token=False
        )
        assert seen.status == 400, f"{rule.rule}: {seen.status}"


def test_no_form_of_another_site_is_taken(house: House) -> None:
    visitor = house.visit(Role.ADMINISTRATOR)
    for rule in house.rules():
        if "POST" in (rule.methods or ()):
            address = house.address(rule, existing=False)
            assert visitor.post(address, Sec_Fetch_Site="cross-site").status == 403, address
            assert visitor.post(address, Origin="https://evil.example").status == 403, address


def test_view_without_a_marker_answers_404(house: House) -> None:
    health = house.app.view_functions["static_files.health"]
    house.app.view_functions["static_files.health"] = lambda: "secret"
    try:
        assert house.visit(Role.ADMINISTRATOR).get("/healthz").status == 404
    finally:
        house.app.view_functions["static_files.health"] = health
    assert house.visit().get("/healthz").status == 200
