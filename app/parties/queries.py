"""Reading parties."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.parties.models import Consent, Party
from app.parties.rules import ConsentDraft, email_in
from app.shared.encryption import decrypt, keyed_hash
from app.shared.errors import N_, NotFound
from app.shared.search import SearchIndex

# Databases bound how many values a statement may carry.
_NAMES_AT_ONCE = 1_000

OFFICE_SEARCH = SearchIndex("office_search")
"""True names and contacts' owners for the office alone, by party id; never read by a public page."""


def party(session: Session, party_id: int) -> Party:
    """One party. Raises NotFound."""
    found = session.get(Party, party_id)
    if found is None:
        raise NotFound(N_("没有这位捐赠人或收款方"))
    return found


def organisation_named(session: Session, name: str) -> Party | None:
    """The organisation with exactly this name. Only organisations are recognised by name: two people can share one."""
    return organisations_named(session, {name}).get(name)


def organisations_named(session: Session, names: Collection[str]) -> dict[str, Party]:
    """The organisations with exactly these names, by name; the first recorded where a name stands twice."""
    found: dict[str, Party] = {}
    wanted = sorted(names)
    for start in range(0, len(wanted), _NAMES_AT_ONCE):
        same = (
            select(Party)
            .where(Party.kind == "organisation", Party.name.in_(wanted[start : start + _NAMES_AT_ONCE]))
            .order_by(Party.id)
        )
        for party in session.scalars(same):
            found.setdefault(party.name, party)
    return found


def current_consent(session: Session, party_id: int) -> Consent | None:
    """The newest consent record of a party: the one that counts."""
    return session.scalars(
        select(Consent).where(Consent.party_id == party_id).order_by(Consent.id.desc()).limit(1)
    ).first()


def consents_of(session: Session, party_id: int) -> list[Consent]:
    """Every consent record of a party, newest first."""
    return list(
        session.scalars(select(Consent).where(Consent.party_id == party_id).order_by(Consent.id.desc()))
    )


def is_name_of_another(session: Session, words: str, party_id: int, kinds: Collection[str]) -> bool:
    """Whether a party of one of these kinds, other than this one, is recorded under exactly these words."""
    same = select(Party.id).where(Party.name == words, Party.id != party_id, Party.kind.in_(kinds))
    return session.scalar(same.limit(1)) is not None


def as_draft(consent: Consent | None) -> ConsentDraft | None:
    """A stored consent as the rules take it."""
    if consent is None:
        return None
    return ConsentDraft(
        consent.wish,
        consent.how,
        consent.evidence,
        consent.display_name,
        consent.given_on,
        consent.is_minor,
        decrypt(consent.guardian) if consent.guardian else "",
    )


def found_by_name(session: Session, words: str, limit: int = 20) -> list[Party]:
    """Parties whose name holds the words, for the office. Newest first."""
    matching = OFFICE_SEARCH.matching(session, words)
    if matching is None:
        return []
    return list(
        session.scalars(select(Party).where(Party.id.in_(matching)).order_by(Party.id.desc()).limit(limit))
    )


def email_digest(address: str) -> bytes:
    """What is kept of an e-mail address to find its owner by: the same for the same address in any letters."""
    return keyed_hash("party-email", address.strip().lower())


def digest_of_contact(contact: str) -> bytes | None:
    """The digest of the e-mail address in a contact; None without one."""
    address = email_in(contact)
    return email_digest(address) if address else None


def parties_with_email(session: Session, digest: bytes) -> list[int]:
    """Everyone who is recorded with this e-mail address: a person may be recorded once for each gift."""
    return list(session.scalars(select(Party.id).where(Party.email_digest == digest).order_by(Party.id)))
