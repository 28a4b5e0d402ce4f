"""One site for the rules on the whole site, with an address for each of its routes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine
from werkzeug.routing import Rule

from app.main import create_app
from app.shared.permissions import ROLE_PERMISSIONS, Role
from app.web.access import Access, access_of
from app.web.database import open_engine
from tests import installation
from tests.house.furnishing import furnish
from tests.house.samples import ENTRANCES, QUERIES, arguments_of, arguments_to_nothing, donor_secret
from tests.visitor import Visitor


@dataclass(frozen=True)
class House:
    """The site and its database."""

    app: Flask
    engine: Engine
    known: dict[str, tuple[str, Role | None]] = field(default_factory=dict)

    def visit(self, key: str | None = None) -> Visitor:
        """Somebody of the cast, or a stranger, in front of the site."""
        return installation.visitor(self.app, self.engine, key)

    def in_front_of(self, rule: Rule, role: Role | None) -> Visitor:
        """Somebody who may open the route: of the pages that a donor sees after coming in, a donor."""
        visitor = self.visit(role)
        if role is None and rule.rule.startswith("/mine/") and rule.endpoint not in ENTRANCES:
            with visitor.client.session_transaction() as cookie:
                cookie["donor"] = donor_secret(self.engine)
        return visitor

    def rules(self) -> list[Rule]:
        """Every route, by address."""
        return sorted(self.app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint))

    def access(self, rule: Rule) -> Access:
        """What the route's marker says."""
        found = access_of(self.app.view_functions[rule.endpoint])
        assert found is not None, f"{rule.endpoint} carries no access marker"
        return found

    def readers(self, rule: Rule) -> list[Role | None]:
        """Who may open the route: a stranger (None) or offices."""
        access = self.access(rule)
        if access.kind in ("public", "public_write"):
            return [None]
        if access.permission is None:
            return list(Role)
        return [role for role in Role if access.permission in ROLE_PERMISSIONS[role]]

    def address(self, rule: Rule, *, existing: bool = True) -> str:
        """An address of the route: of something that opens if there is such a thing, or of nothing."""
        return self.door(rule)[0] if existing else self._url(rule, arguments_to_nothing(rule))

    def door(self, rule: Rule) -> tuple[str, Role | None]:
        """An address of the route, and somebody to whom it opens: a stranger (None) or an office."""
        if rule.rule not in self.known:
            self.known[rule.rule] = self._find(rule)
        return self.known[rule.rule]

    def _find(self, rule: Rule) -> tuple[str, Role | None]:
        addresses = [self._url(rule, arguments) for arguments in arguments_of(rule, self)]
        readers = self.readers(rule)
        if rule.arguments and "GET" in (rule.methods or ()):
            for role in readers:
                visitor = self.in_front_of(rule, role)
                for address in addresses:
                    status = visitor.get(address).status
                    assert status < 500, f"{address} as {role}: {status}"
                    if status == 200:
                        return address, role
        return addresses[0], readers[0]

    def _url(self, rule: Rule, arguments: dict[str, Any]) -> str:
        with self.app.test_request_context():
            return self.app.url_for(rule.endpoint, **{**QUERIES.get(rule.endpoint, {}), **arguments})


@pytest.fixture(scope="module")
def house(
    clone: Callable[[str, Callable[[Engine], None]], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """A site of its own for each file of rules."""
    folder: Path = tmp_path_factory.mktemp("house")
    settings = installation.settings_for(folder, clone("sqlite", installation.migrate_and_people))
    engine = open_engine(settings)
    furnish(engine, settings.files_dir)
    app = create_app(settings)
    yield House(app, engine)
    installation.close(app)
    engine.dispose()
