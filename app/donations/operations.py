"""Recording gifts, and putting them right."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.donations import queries
from app.donations.models import Donation, DonationVersion
from app.donations.rules import DonationDraft, description, refuse_if_wrong
from app.goods.operations import (
    GoodsDraft,
    carry_photos,
    draft_of,
    receive_goods,
    renumber_goods,
    undo_receipt,
)
from app.ledger import queries as ledger
from app.ledger import rules as posting
from app.ledger.correction.operations import replace_entry, reverse_entry
from app.ledger.operations import post_entries, show_party
from app.ledger.rules import EntryDraft, TrancheDraft
from app.ledger.structure.models import Earmark, MoneyAccount
from app.ledger.treasury.operations import create_earmark
from app.log.operations import LeafDraft, append
from app.parties.operations import PartyDraft, RecordedParty, correct_party, record_consent, record_parties
from app.parties.queries import as_draft, current_consent
from app.parties.queries import party as party_by_id
from app.parties.rules import ConsentDraft
from app.shared import clock
from app.shared.audit import record, record_many
from app.shared.codes import new_receipt_code
from app.shared.db import insert_rows
from app.shared.errors import N_, Conflict, Refused
from app.shared.permissions import Actor, Permission
from app.shared.text import normal

SUBJECT = "donation"


def record_donation(session: Session, actor: Actor, draft: DonationDraft) -> Donation:
    """Record one gift: donor, entry, tranche or stock, leaf. A second click with the same key returns the first gift.

    Raises InputRefused for wrong fields, Refused for a foreign earmark or account or a closed month.
    """
    earlier = queries.donation_of_key(session, draft.idempotency_key)
    if earlier is not None:
        return earlier
    donation_id = record_donations(session, actor, [draft])[0]
    return queries.donation(session, donation_id)


def record_donation_for_new_purpose(
    session: Session, actor: Actor, draft: DonationDraft, *, slug: str, name: str
) -> Donation:
    """Record a gift whose donor named a purpose that the fund has no earmark for yet: a restricted one is created first.

    Raises like ``record_donation``, and Refused (fields ``slug``, ``name``) like ``create_earmark``.
    """
    earlier = queries.donation_of_key(session, draft.idempotency_key)
    if earlier is not None:
        return earlier
    actor.require(Permission.BOOKS_POST, draft.fund_id)
    draft.earmark_id = create_earmark(session, actor, draft.fund_id, slug, name, "restricted").id
    return record_donation(session, actor, draft)


def record_donations(session: Session, actor: Actor, drafts: list[DonationDraft]) -> list[int]:
    """Record gifts in the order given, all or none. Returns their ids. Raises like ``record_donation``."""
    if not drafts:
        return []
    today = clock.today()
    places = _Places(session)
    for fund_id in {draft.fund_id for draft in drafts}:
        actor.require(Permission.GIFT_RECORD, fund_id)
    for draft in drafts:
        refuse_if_wrong(draft, today)
        places.require(draft)
    donors = _donors(session, actor, drafts)
    first = (session.scalar(select(func.max(Donation.id))) or 0) + 1
    ids = list(range(first, first + len(drafts)))
    entries = [
        _entry(draft, donor, donation_id, places)
        for draft, donor, donation_id in zip(drafts, donors, ids, strict=True)
    ]
    posted = post_entries(session, actor, entries)
    at = clock.now()
    insert_rows(
        session,
        Donation,
        [
            {
                "id": donation_id,
                "fund_id": draft.fund_id,
                "party_id": donor.id,
                "earmark_id": draft.earmark_id,
                "kind": draft.kind,
                "method": draft.method,
                "money_account_id": draft.money_account_id,
                "amount_minor": draft.total_minor,
                "received_on": draft.received_on,
                "wish": normal(draft.wish),
                "memo": normal(draft.memo),
                "receipt_number": draft.receipt_number.strip(),
                "agreement_number": normal(draft.agreement_number),
                "receipt_code": new_receipt_code(),
                "office_number": draft.office_number.strip(),
                "register_id": draft.register_id,
                "entry_number": entry.number,
                "status": "recorded",
                "version": 1,
                "idempotency_key": draft.idempotency_key,
                "recorded_at": at,
                "recorded_by_id": actor.user_id,
            }
            for donation_id, draft, donor, entry in zip(ids, drafts, donors, posted, strict=True)
        ],
    )
    titles = queries.register_titles(session, {draft.register_id for draft in drafts if draft.goods})
    for donation_id, draft, entry in zip(ids, drafts, posted, strict=True):
        if draft.goods:
            receive_goods(
                session,
                draft.goods,
                fund_id=draft.fund_id,
                earmark_id=draft.earmark_id,
                source_type=SUBJECT,
                source_id=donation_id,
                entry_number=entry.number,
                received_on=draft.received_on,
                office_number=draft.office_number,
                register_title=titles.get(draft.register_id, ""),
            )
    record_many(
        session, actor.user_id, "record_donation", SUBJECT, [(donation_id, {}) for donation_id in ids]
    )
    return ids


class _Places:
    """Earmarks and money accounts that a list of gifts names, read once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.earmarks: dict[int, Earmark] = {}
        self.accounts: dict[int, MoneyAccount] = {}
        self._usual: dict[tuple[int, str], int] = {}

    def require(self, draft: DonationDraft) -> None:
        """Read them, and raise Refused when they are of another fund or the account does not fit the way of giving."""
        if draft.earmark_id not in self.earmarks:
            self.earmarks[draft.earmark_id] = ledger.earmark(self._session, draft.earmark_id)
            ledger.require_open(self._session, self.earmarks[draft.earmark_id])
        if self.earmarks[draft.earmark_id].fund_id != draft.fund_id:
            raise Refused(N_("这个用途不属于本基金"), field="earmark")
        if draft.kind == "goods":
            draft.money_account_id = None
            return
        if draft.money_account_id is None:
            draft.money_account_id = self._usual_account(draft)
        if draft.money_account_id not in self.accounts:
            account = ledger.money_account(self._session, draft.money_account_id)
            self.accounts[account.id] = account
        account = self.accounts[draft.money_account_id]
        if account.fund_id != draft.fund_id:
            raise Refused(N_("这个资金账户不属于本基金"), field="account")
        if draft.method != "box" and account.kind != draft.method:
            raise Refused(N_("捐赠方式与收款账户不一致"), field="account")

    def _usual_account(self, draft: DonationDraft) -> int:
        key = (draft.fund_id, "cash" if draft.method == "box" else draft.method)
        if key not in self._usual:
            self._usual[key] = ledger.money_account_of_kind(self._session, *key).id
        return self._usual[key]


def _donors(session: Session, actor: Actor, drafts: list[DonationDraft]) -> list[RecordedParty]:
    fresh = [draft.donor for draft in drafts if isinstance(draft.donor, PartyDraft)]
    recorded = iter(record_parties(session, actor, fresh))
    donors = []
    for draft in drafts:
        if isinstance(draft.donor, PartyDraft):
            donors.append(next(recorded))
        else:
            party = party_by_id(session, draft.donor)
            donors.append(RecordedParty(party.id, party.kind, party.name, party.public_name))
    return donors


def _entry(draft: DonationDraft, donor: RecordedParty, donation_id: int, places: _Places) -> EntryDraft:
    earmark = places.earmarks[draft.earmark_id]
    amount = draft.total_minor
    if draft.kind == "goods":
        kind, opens = "goods_received", None
        postings = posting.goods_received_postings(earmark, amount)
    else:
        assert draft.money_account_id is not None
        account = places.accounts[draft.money_account_id]
        kind = "box" if draft.method == "box" else "donation"
        line = "donation_box" if kind == "box" else posting.donation_line(earmark, at_event=draft.at_event)
        postings = posting.donation_postings(account, earmark, amount, line)
        opens = TrancheDraft(earmark.id, amount, draft.received_on)
    return EntryDraft(
        fund_id=draft.fund_id,
        kind=kind,
        occurred_on=draft.received_on,
        postings=postings,
        source_type=SUBJECT,
        source_id=donation_id,
        description=description(draft, earmark.name if earmark.is_restricted else None),
        party=donor.public_name,
        party_id=donor.id,
        party_name=donor.name,
        document=draft.receipt_number.strip(),
        memo=normal(draft.memo),
        opens=opens,
    )


def correct_words(
    session: Session,
    actor: Actor,
    donation_id: int,
    reason: str,
    *,
    wish: str | None = None,
    memo: str | None = None,
    agreement_number: str | None = None,
    received_on: date | None = None,
    office_number: str | None = None,
    seen_version: int | None = None,
) -> Donation:
    """Put words of a gift right, without touching the books; the words before are kept as a version.

    Raises Refused without a reason, Conflict when the gift was reversed or is no longer the ``seen_version``.
    """
    donation = _standing(session, donation_id)
    actor.require(Permission.GIFT_RECORD, donation.fund_id)
    _require_reason(reason)
    given = {
        "wish": wish,
        "memo": memo,
        "agreement_number": agreement_number,
        "received_on": received_on,
        "office_number": office_number,
    }
    changes = {
        name: value for name, value in given.items() if value is not None and value != getattr(donation, name)
    }
    if not changes:
        return donation
    _require_version(donation, seen_version)
    _keep_version(session, actor, donation, reason, list(changes))
    for name, value in changes.items():
        setattr(donation, name, normal(value) if isinstance(value, str) else value)
    session.flush()
    _append_words(session, donation, list(changes))
    if "office_number" in changes:
        renumber_goods(session, SUBJECT, donation_id, donation.office_number)
    record(session, actor.user_id, "correct_words", SUBJECT, donation_id, fields=sorted(changes))
    return donation


def _append_words(session: Session, donation: Donation, changed: list[str]) -> None:
    """What the words are from now on, beside the entry's own leaf."""
    body: dict[str, object] = {"of": [SUBJECT, donation.id]}
    if "received_on" in changed:
        body["received_on"] = donation.received_on.isoformat()
    texts = {name: getattr(donation, name) for name in changed if name != "received_on"}
    append(session, [LeafDraft("words", donation.id, body, texts, donation.version)])


def correct_money(
    session: Session,
    actor: Actor,
    donation_id: int,
    reason: str,
    *,
    amount_minor: int | None = None,
    earmark_id: int | None = None,
    method: str | None = None,
    goods: list[GoodsDraft] | None = None,
    money_account_id: int | None = None,
    seen_version: int | None = None,
    key: str | None = None,
) -> Donation:
    """Put the amount, purpose, way of giving or goods of a gift right: reversal and new entry in one step.

    A second click with the same ``key`` changes nothing. Raises Refused without a reason, when goods have gone out
    already, or when the pool cannot bear it; Conflict when the gift was reversed or is no longer the ``seen_version``.
    """
    earlier = ledger.entry_of_key(session, key)
    if earlier is not None and (earlier.source_type, earlier.source_id) == (SUBJECT, donation_id):
        return queries.donation(session, donation_id)
    donation = _standing(session, donation_id)
    _require_version(donation, seen_version)
    party = party_by_id(session, donation.party_id)
    draft = DonationDraft(
        fund_id=donation.fund_id,
        received_on=donation.received_on,
        method=method or donation.method,
        donor=party.id,
        earmark_id=earmark_id or donation.earmark_id,
        amount_minor=amount_minor or donation.amount_minor,
        money_account_id=money_account_id
        or (donation.money_account_id if method in (None, donation.method) else None),
        goods=goods or [],
        wish=donation.wish,
        memo=donation.memo,
        receipt_number=donation.receipt_number,
        at_event=any(
            each.statement_line == "gala_other" for each in ledger.postings_of(session, donation.entry_number)
        ),
    )
    current = queries.goods_of(session, donation)
    if draft.kind == "goods" and not draft.goods:
        draft.goods = [draft_of(session, line) for line in current]
    if draft.kind != donation.kind:
        raise Refused(N_("捐款和捐物不能互相更正；请冲销后重新登记"), field="method")
    refuse_if_wrong(draft, clock.today())
    places = _Places(session)
    places.require(draft)
    donor = RecordedParty(party.id, party.kind, party.name, party.public_name)
    wanted = {"amount_minor": draft.total_minor, "earmark_id": draft.earmark_id, "method": draft.method}
    changed = [name for name, value in wanted.items() if getattr(donation, name) != value]
    _keep_version(session, actor, donation, reason, [*changed, "entry_number"])
    replacement = _entry(draft, donor, donation_id, places)
    replacement.idempotency_key = key
    posted = replace_entry(session, actor, donation.entry_number, replacement, reason)
    donation = queries.donation(session, donation_id)
    if draft.goods:
        undo_receipt(session, current, posted.number)
        fresh = receive_goods(
            session,
            draft.goods,
            fund_id=draft.fund_id,
            earmark_id=draft.earmark_id,
            source_type=SUBJECT,
            source_id=donation_id,
            entry_number=posted.number,
            received_on=draft.received_on,
            office_number=donation.office_number,
            register_title=queries.register_titles(session, {donation.register_id}).get(
                donation.register_id, ""
            ),
        )
        carry_photos(session, actor, current, fresh)
        donation = queries.donation(session, donation_id)
    donation.amount_minor, donation.earmark_id = draft.total_minor, draft.earmark_id
    donation.method, donation.money_account_id = draft.method, draft.money_account_id
    donation.entry_number = posted.number
    session.flush()
    record(session, actor.user_id, "correct_money", SUBJECT, donation_id, entry=posted.number)
    return donation


def reverse_donation(
    session: Session, actor: Actor, donation_id: int, reason: str, *, seen_version: int | None = None
) -> Donation:
    """Undo a gift that never was.

    Raises Refused when its goods or money are already spent and nothing can stand in, Conflict when it was reversed before
    or is no longer the ``seen_version``.
    """
    donation = _standing(session, donation_id)
    _require_version(donation, seen_version)
    lines = queries.goods_of(session, donation)
    posted = reverse_entry(session, actor, donation.entry_number, reason)
    undo_receipt(session, lines, posted.number)
    donation = queries.donation(session, donation_id)
    _keep_version(session, actor, donation, reason, ["status"])
    donation.status = "reversed"
    session.flush()
    record(session, actor.user_id, "reverse_donation", SUBJECT, donation_id, entry=posted.number)
    return donation


def change_consent(session: Session, actor: Actor, party_id: int, draft: ConsentDraft, fund_id: int) -> int:
    """Record consent or its withdrawal, with effect on every public page at once. Returns the public rows rewritten."""
    actor.require(Permission.CONSENT_RECORD, fund_id)
    return _say(session, actor, party_id, draft)


def record_own_consent(
    session: Session, party_id: int, draft: ConsentDraft, *, how: str, evidence: str
) -> int:
    """What a donor says themselves about being named, without an office; ``how`` (for example the page that they said it on)
    and ``evidence`` (what proved that it was they) stand in the place of the draft's own. Returns the public rows rewritten.

    Inside ``transaction(books=True)``. The caller has proved that it is the donor. Taking back always works. Raises Refused
    like ``record_consent``; saying the same again changes nothing.
    """
    said = replace(draft, how=how, evidence=evidence)
    return _say(session, Actor(user_id=None, name=""), party_id, said)


def _say(session: Session, actor: Actor, party_id: int, draft: ConsentDraft) -> int:
    said = replace(
        draft,
        how=draft.how.strip(),
        evidence=draft.evidence.strip(),
        display_name=normal(draft.display_name) if draft.wish == "alias" else "",
        guardian=draft.guardian.strip() if draft.is_minor else "",
    )
    if as_draft(current_consent(session, party_id)) == said:
        return 0  # the second click of a double click
    party = record_consent(session, actor, party_id, said)
    return show_party(session, party.id, party.public_name)


def correct_donor(
    session: Session,
    actor: Actor,
    party_id: int,
    name: str,
    kind: str,
    fund_id: int,
    contact: str | None = None,
) -> int:
    """Put a donor's name, kind or contact (None: as it is) right everywhere. Returns the public rows rewritten."""
    actor.require(Permission.GIFT_RECORD, fund_id)
    party = correct_party(session, actor, party_id, name, kind, contact)
    return show_party(session, party.id, party.public_name)


def _standing(session: Session, donation_id: int) -> Donation:
    donation = queries.donation(session, donation_id)
    if donation.status == "reversed":
        raise Conflict(N_("这笔捐赠已经冲销"))
    return donation


def _require_version(donation: Donation, seen_version: int | None) -> None:
    if seen_version is not None and seen_version != donation.version:
        raise Conflict(N_("这笔捐赠刚刚被别人改过，您的改动没有保存；请看过新内容再改"))


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise Refused(N_("请写明更正原因"), field="reason")


def _keep_version(session: Session, actor: Actor, donation: Donation, reason: str, fields: list[str]) -> None:
    _require_reason(reason)
    session.add(
        DonationVersion(
            donation_id=donation.id,
            version=donation.version,
            values_before=json.dumps(
                {name: str(getattr(donation, name)) for name in fields}, ensure_ascii=False, sort_keys=True
            ),
            reason=reason.strip(),
            changed_at=clock.now(),
            changed_by_id=actor.user_id,
        )
    )
    donation.version += 1
    session.flush()
