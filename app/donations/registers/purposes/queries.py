"""Finding the earmark of a purpose, or planning a new one."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from sqlalchemy.orm import Session

from app.donations.registers.rules import PlannedEarmark
from app.ledger import queries as ledger
from app.shared.errors import N_, Refused
from app.sheets.cells import half_width

NAME_LENGTH = 200
_NOT_IN_SLUGS = re.compile(r"[^a-z0-9]+")


class Purposes:
    """The earmarks of a fund by name and slug, with those that an import would make (``made``: slug by purpose)."""

    def __init__(self, session: Session, fund_id: int, fund_slug: str, answers: Mapping[str, str]) -> None:
        self._session, self._fund_slug, self._answers = session, fund_slug, answers
        self._earmarks: dict[str, PlannedEarmark] = {}
        self._by_slug: dict[str, PlannedEarmark] = {}
        self.made: dict[str, str] = {}
        for earmark in ledger.earmarks_of(session, fund_id):
            planned = PlannedEarmark(
                earmark.id, earmark.slug, earmark.name, earmark.restriction == "restricted"
            )
            self._earmarks.setdefault(planned.name, planned)
            self._by_slug[planned.slug] = planned
        self.free = next(one for one in self._by_slug.values() if not one.is_restricted)

    def earmark_for(self, name: str) -> PlannedEarmark | None:
        """The earmark of a named purpose: the one of that name, the one answered, or one to be made. None: a wish only."""
        answer = self._answers.get(name)
        if answer is not None:
            slug = answer.strip().lower()
            if not slug:
                return None
            if slug in self._by_slug:
                found = self._by_slug[slug]
                return found if found.is_restricted else None
            return self._make(name, slug)
        if name in self._earmarks:
            return self._earmarks[name]
        return self._make(name, self._proposed_slug(name))

    def _make(self, name: str, slug: str) -> PlannedEarmark:
        if len(name) > NAME_LENGTH:
            raise Refused(N_("指定用途太长，最多 %(longest)s 个字"), longest=NAME_LENGTH)
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) or len(slug) > 80:
            raise Refused(N_("网址标识“%(slug)s”只能用小写字母、数字和连字符"), slug=slug)
        if ledger.earmark_with_slug(self._session, slug):
            raise Refused(N_("网址标识“%(slug)s”已有用途在用"), slug=slug)
        made = PlannedEarmark(None, slug, name, True)
        self._earmarks[name] = self._by_slug[slug] = made
        self.made[name] = slug
        return made

    def _proposed_slug(self, name: str) -> str:
        words = _NOT_IN_SLUGS.sub("-", half_width(name).lower()).strip("-") if name.isascii() else ""
        base = words[:60].strip("-") or f"{self._fund_slug}-purpose"
        number, slug = 1, base if words else f"{base}-1"
        while slug in self._by_slug or ledger.earmark_with_slug(self._session, slug):
            number += 1
            slug = f"{base}-{number}"
        return slug

    def refuse_idle_answers(self, named: Collection[str]) -> None:
        """Raises Refused for an answer about a purpose that no row names."""
        for purpose in self._answers:
            if purpose not in named:
                raise Refused(N_("登记表里没有“%(purpose)s”这个用途"), field="earmark", purpose=purpose)
