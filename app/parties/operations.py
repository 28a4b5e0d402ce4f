"""Recording parties and their consent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.log.operations import LeafDraft, append
from app.log.queries import latest_version
from app.parties import queries
from app.parties.models import Consent, Party
from app.parties.queries import OFFICE_SEARCH
from app.parties.rules import KINDS, ConsentDraft, public_name, refuse_wrong_consent
from app.shared import clock
from app.shared.audit import record
from app.shared.db import insert_rows
from app.shared.encryption import encrypt
from app.shared.errors import N_, Refused
from app.shared.permissions import Actor
from app.shared.text import normal


@dataclass(frozen=True, slots=True)
class PartyDraft:
    """A donor, applicant or payee to be recorded."""

    kind: str
    name: str
    consent: ConsentDraft | None = None
    contact: str = ""


@dataclass(frozen=True, slots=True)
class RecordedParty:
    """A party as recorded, with the name that the public reads."""

    id: int
    kind: str
    name: str
    public_name: str


def require_valid(draft: PartyDraft) -> None:
    """Raise Refused for an unknown kind, an empty or over-long name."""
    if draft.kind not in KINDS:
        raise Refused(N_("请选择类型：单位、商户、个人或不具名"), field="donor_kind")
    if not normal(draft.name):
        raise Refused(N_("请填写名称"), field="donor")
    if len(draft.name) > 200:
        raise Refused(N_("名称最多 200 个字"), field="donor")
    if len(draft.contact) > 200:
        raise Refused(N_("联系方式最多 200 个字"), field="contact")
    if draft.consent is not None and draft.kind != "unnamed":
        with _fields_of_new_party():
            refuse_wrong_consent(draft.kind, draft.name, draft.consent)


@contextmanager
def _fields_of_new_party() -> Iterator[None]:
    """What is wrong in the consent of a party to be recorded, under the names that its fields have beside the party's own."""
    try:
        yield
    except Refused as wrong:
        wrong.field = f"consent_{wrong.field}"
        raise


def record_parties(session: Session, actor: Actor, drafts: list[PartyDraft]) -> list[RecordedParty]:
    """Record parties in order. An organisation already known by this exact name is not recorded twice; nobody else is
    recognised by name alone, so every 爱心居民 is a donor of their own."""
    found: dict[int, RecordedParty] = {}
    known = queries.organisations_named(
        session, {normal(draft.name) for draft in drafts if draft.kind == "organisation"}
    )
    fresh: list[tuple[int, PartyDraft]] = []
    waiting: dict[str, int] = {}
    same_as: dict[int, int] = {}
    for index, draft in enumerate(drafts):
        require_valid(draft)
        if draft.kind == "organisation":
            name = normal(draft.name)
            party = known.get(name)
            if party is not None:
                found[index] = RecordedParty(party.id, party.kind, party.name, party.public_name)
                continue
            if name in waiting:
                same_as[index] = waiting[name]
                continue
            waiting[name] = index
        if draft.consent is not None and draft.consent.wish == "alias":
            with _fields_of_new_party():
                _refuse_name_of_another(session, 0, draft.consent.display_name, asked_by_office=True)
        fresh.append((index, draft))
    for (index, _), recorded in zip(
        fresh, _insert(session, actor, [draft for _, draft in fresh]), strict=True
    ):
        found[index] = recorded
    for index, first in same_as.items():
        found[index] = found[first]
    return [found[index] for index in range(len(drafts))]


def _insert(session: Session, actor: Actor, drafts: list[PartyDraft]) -> list[RecordedParty]:
    if not drafts:
        return []
    at = clock.now()
    values = [
        {
            "kind": draft.kind,
            "name": normal(draft.name),
            "contact": _sealed(draft.contact),
            "email_digest": queries.digest_of_contact(draft.contact),
            "public_name": public_name(draft.kind, normal(draft.name), draft.consent),
            "created_at": at,
        }
        for draft in drafts
    ]
    ids = session.scalars(insert(Party).returning(Party.id, sort_by_parameter_order=True), values).all()
    consents = [
        _consent_values(party_id, draft.consent) | {"recorded_by_id": actor.user_id, "recorded_at": at}
        for party_id, draft in zip(ids, drafts, strict=True)
        if draft.consent is not None
    ]
    if consents:
        insert_rows(session, Consent, consents)
    OFFICE_SEARCH.add(
        session, [(party_id, normal(draft.name)) for party_id, draft in zip(ids, drafts, strict=True)]
    )
    return [
        RecordedParty(party_id, str(value["kind"]), str(value["name"]), str(value["public_name"]))
        for party_id, value in zip(ids, values, strict=True)
    ]


def record_consent(session: Session, actor: Actor, party_id: int, draft: ConsentDraft) -> Party:
    """Record what a party says now about being named. The caller rewrites what the public reads of the party's gifts.

    Raises Refused like ``refuse_wrong_consent``, and for an alias that is somebody else's name. A person without an office
    learns nothing from that about who else gave: for them only the names of organisations are refused.
    """
    party = queries.party(session, party_id)
    refuse_wrong_consent(party.kind, party.name, draft)
    if draft.wish == "alias":
        _refuse_name_of_another(
            session, party_id, draft.display_name, asked_by_office=actor.user_id is not None
        )
    session.add(
        Consent(**_consent_values(party_id, draft), recorded_by_id=actor.user_id, recorded_at=clock.now())
    )
    party.public_name = public_name(party.kind, party.name, draft)
    session.flush()
    record(session, actor.user_id, "record_consent", "party", party_id, wish=draft.wish)
    return party


def _consent_values(party_id: int, draft: ConsentDraft) -> dict[str, Any]:
    return {
        "party_id": party_id,
        "wish": draft.wish,
        "how": draft.how.strip(),
        "evidence": draft.evidence.strip(),
        "display_name": normal(draft.display_name) if draft.wish == "alias" else "",
        "given_on": draft.given_on,
        "is_minor": draft.is_minor,
        "guardian": _sealed(draft.guardian) if draft.is_minor else None,
    }


def _refuse_name_of_another(session: Session, party_id: int, alias: str, *, asked_by_office: bool) -> None:
    kinds = ("organisation", "person", "sole_trader") if asked_by_office else ("organisation",)
    if queries.is_name_of_another(session, normal(alias), party_id, kinds):
        raise Refused(N_("这个称呼是别人的名称，请换一个"), field="display_name")


def correct_party(
    session: Session,
    actor: Actor,
    party_id: int,
    name: str,
    kind: str | None = None,
    contact: str | None = None,
) -> Party:
    """Put a party's name, kind or contact right; None leaves what is there. The caller rewrites what the public reads."""
    party = queries.party(session, party_id)
    require_valid(PartyDraft(kind or party.kind, name, contact=contact or ""))
    before = party.name
    party.name, party.kind = normal(name), kind or party.kind
    if contact is not None:
        party.contact = _sealed(contact)
        party.email_digest = queries.digest_of_contact(contact)
    party.public_name = public_name(
        party.kind, party.name, queries.as_draft(queries.current_consent(session, party_id))
    )
    session.flush()
    OFFICE_SEARCH.replace(session, party.id, party.name)
    if before != party.name:
        version = latest_version(session, "party_words", party.id) + 1
        append(session, [LeafDraft("party_words", party.id, {}, {"name": party.name}, version)])
    record(session, actor.user_id, "correct_party", "party", party_id, changed=before != party.name)
    return party


def _sealed(contact: str) -> bytes | None:
    words = contact.strip()
    return encrypt(words) if words else None
