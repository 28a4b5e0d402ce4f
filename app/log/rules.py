"""Leaf bytes and commitments, as docs/leaf-v1.md fixes them: every kind of leaf with its exact keys.

A leaf is the canonical JSON of {v, type, id, version} and the kind's own keys. It is ASCII: names and free text enter as
commitments only, under ``texts``; officials are named by seat number; never an address, a user or a donor.
"""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from app.log.merkle.rules import leaf_hash as leaf_hash
from app.shared.canonical import canonical_bytes
from app.shared.errors import N_, Refused

LEAF_VERSION = 1
MOST_LEAF_BYTES = 65_535
"""An entry bundle gives the length of a leaf in 16 bits (C2SP tlog-tiles)."""
MOST_PARTS = 800
"""Movements in one leaf; the rest follows in leaves of kind ``continued``."""
LISTS = ("movements", "holds", "releases")

OFFICIAL = "official"
"""Text of the office's own, published as long as it stands."""
DISPLAYED = "displayed"
"""Text published only while the public page of the record shows exactly these words."""
INTERNAL = "internal"
"""Text never published; the commitment lets an auditor with access check it."""


class LeafRefused(ValueError):
    """A leaf that docs/leaf-v1.md does not know: a fault of the code that wrote it, not of the person who acted."""


@dataclass(frozen=True, slots=True)
class LeafKind:
    """What leaves of a kind say. ``texts``: committed text by field, with who may read it."""

    required: frozenset[str]
    optional: frozenset[str] = frozenset()
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def allowed(self) -> frozenset[str]:
        """Every key that may occur."""
        return self.required | self.optional


def _kind(required: str, optional: str = "", **texts: str) -> LeafKind:
    return LeafKind(frozenset(required.split()), frozenset(optional.split()), texts)


KINDS: dict[str, LeafKind] = {
    # The books
    "entry": _kind(
        "number fund kind occurred_on recorded_at source postings",
        "reverses replaces tranche movements continued",
        description=DISPLAYED,
        party=DISPLAYED,
        document=DISPLAYED,
        memo=INTERNAL,
    ),
    "continued": _kind("of part", " ".join(LISTS)),
    "words": _kind(
        "of",
        "received_on",
        agreement_number=INTERNAL,
        wish=INTERNAL,
        memo=INTERNAL,
        office_number=INTERNAL,
    ),
    "fiscal_receipt": _kind(
        "status issued_on", number=DISPLAYED, code=INTERNAL, check_code=DISPLAYED, words=INTERNAL
    ),
    "party_words": _kind("", name=DISPLAYED),
    "period_closed": _kind("fund month"),
    "period_reopened": _kind("fund month matter"),
    # What the books are kept for
    "host": _kind(
        "",
        name=OFFICIAL,
        registration_number=OFFICIAL,
        address=OFFICIAL,
        phone=OFFICIAL,
        fundraising_certificate=OFFICIAL,
        icp_number=OFFICIAL,
        police_number=OFFICIAL,
    ),
    "fund": _kind("host currency founded_on", name=OFFICIAL, description=OFFICIAL, phone=OFFICIAL),
    "earmark": _kind("fund restriction", name=OFFICIAL),
    "earmark_closed": _kind("fund on"),
    "fund_closed": _kind("on"),
    "project": _kind("fund", name=OFFICIAL),
    "money_account": _kind("fund account", name=INTERNAL),
    "term_of_office": _kind("role fund seat starts_on ends_on", "withdrawn"),
    "rule_version": _kind("fund rule matter sha256", text=OFFICIAL),
    "gift_returned": _kind("fund entry amount on", voucher=INTERNAL),
    # Goods and sales
    "goods": _kind("fund earmark entry source quantity value", item=OFFICIAL, unit=OFFICIAL, basis=OFFICIAL),
    "valuation": _kind("fund", basis=OFFICIAL),
    "goods_issued": _kind("fund goods entry quantity value", to=DISPLAYED),
    "lot_result": _kind("event entry goods pieces proceeds cost", lot=OFFICIAL, name=OFFICIAL),
    "lot_hammered": _kind("event bid paddle amount", lot=OFFICIAL, name=OFFICIAL),
    "bid_cancelled": _kind("event lot bid paddle amount", reason=INTERNAL),
    "sale_closed": _kind(
        "fund held_on entries counted", name=OFFICIAL, place=OFFICIAL, filing=OFFICIAL, explanation=INTERNAL
    ),
    "sale_announced": _kind(
        "fund held_on hours accounts", name=OFFICIAL, place=OFFICIAL, qualification=OFFICIAL, filing=OFFICIAL
    ),
    # Requests and the council
    "submitted": _kind(
        "fund request earmark project amount spending_kind applied_on text",
        reason=INTERNAL,
        applicant=DISPLAYED,
        payee=DISPLAYED,
    ),
    "request_withdrawn": _kind("", reason=INTERNAL),
    "request_returned": _kind("", reason=INTERNAL),
    "request_cancelled": _kind("releases", "continued", reason=INTERNAL),
    "request_paid": _kind("releases", "continued", reason=INTERNAL),
    "matter_opened": _kind("fund subject text topic rules tier decided_by seats quorum"),
    "matter_withdrawn": _kind("fund subject"),
    "matter_voided": _kind("fund subject", reason=INTERNAL),
    "matter_referred": _kind("fund subject counts"),
    "vote": _kind("fund subject seat choice text source", "conflict", reason=INTERNAL),
    "vote_carried": _kind("fund subject counts"),
    "endorsement": _kind("fund subject kind role choice text", reason=INTERNAL),
    "resolution": _kind("fund subject result counts", "decided_on number"),
    "vote_confirmation": _kind("fund subject seat answer", words=INTERNAL),
    "meeting": _kind("fund number held_on seats quorum present"),
    "motion_submitted": _kind("fund motion topic text", "amount", title=OFFICIAL, words=OFFICIAL),
    "motion_returned": _kind("", reason=INTERNAL),
    "motion_withdrawn": _kind("", reason=INTERNAL),
    "purpose_answer": _kind("fund motion answer on"),
    "purpose_filed": _kind("fund on", number=OFFICIAL),
    "purpose_moved": _kind("fund amount"),
    "purpose_given_up": _kind("fund", reason=OFFICIAL),
    "council_consent": _kind("fund seat given on"),
    "interest_declared": _kind("fund role seat on", declaration=INTERNAL),
    "interest_ended": _kind("fund on"),
    "notice_opened": _kind("fund subject opens_on ends_on"),
    "notice_ended": _kind("fund subject objections"),
    "objection": _kind("fund subject ground status", text=DISPLAYED),
    "objection_answer": _kind("fund subject result", text=OFFICIAL),
    "hold_placed": _kind("fund subject", reason=OFFICIAL),
    "hold_lifted": _kind("fund subject", reason=OFFICIAL),
    "approved": _kind("amount holds", "continued"),
    "promised_again": _kind("amount holds", "continued"),
    "payment": _kind("entry amount on accepted", voucher=INTERNAL),
    "acceptance": _kind("entry amount on accepted", voucher=INTERNAL),
    "refund": _kind("entry amount on accepted", voucher=INTERNAL),
    "proof_of_use": _kind("proof used", words=OFFICIAL),
    "proof_judged": _kind("proof judgement accepted", reason=INTERNAL),
    "delivery": _kind("on recipients standing", words=OFFICIAL),
    "request_closed": _kind("used"),
    # Papers and the public
    "document": _kind("fund kind number period issued_at figures_sha256", correction_note=OFFICIAL),
    "file": _kind("of purpose sha256 size", name=DISPLAYED),
    "question": _kind("fund", text=DISPLAYED, name=DISPLAYED),
    "answer": _kind("fund question", text=OFFICIAL),
    # The log itself
    "erasure": _kind("position field on", reason=OFFICIAL),
    "rewind": _kind("published_size published_root size root", reason=OFFICIAL),
}
"""Every kind of leaf. A kind that is not written yet may still be changed by the issue that first writes it."""

_CHECKED = {kind: (rule.required, rule.allowed, frozenset(rule.texts)) for kind, rule in KINDS.items()}


def leaf_bytes(
    kind: str, subject_id: int, version: int, body: dict[str, Any], digests: Mapping[str, str]
) -> bytes:
    """The canonical bytes of a leaf: RFC 8785 JSON with integers only, in ASCII.

    ``digests`` maps a field to the hex commitment of its text. Raises LeafRefused for an unknown kind or key, a missing
    key or text that is not ASCII; Refused when the leaf is longer than a bundle can carry.
    """
    _require_keys(kind, body.keys(), digests.keys())
    leaf = {"v": LEAF_VERSION, "type": kind, "id": subject_id, "version": version, **body}
    if digests:
        leaf["texts"] = digests
    found = canonical_bytes(leaf)
    if not found.isascii():
        raise LeafRefused(f"a leaf of kind {kind!r} carries text that is not committed to: {body}")
    if len(found) > MOST_LEAF_BYTES:
        raise Refused(N_("这条记录太长，存证日志一条最多 %(most)s 字节；请分几笔登记"), most=MOST_LEAF_BYTES)
    return found


def _require_keys(kind: str, keys: Set[str], fields: Set[str]) -> None:
    rule = _CHECKED.get(kind)
    if rule is None:
        raise LeafRefused(f"docs/leaf-v1.md knows no leaf of kind {kind!r}")
    required, allowed, texts = rule
    if not required <= keys or not keys <= allowed or not fields <= texts:
        raise LeafRefused(
            f"a leaf of kind {kind!r} has {sorted(required)}, perhaps {sorted(allowed - required)}, "
            f"texts {sorted(texts)}; not {sorted(keys)} and {sorted(fields)}"
        )


def require_kind(leaf: dict[str, Any]) -> None:
    """Raise LeafRefused unless a leaf as read back is of a known version and kind, with its keys and no others."""
    if leaf.get("v") != LEAF_VERSION:
        raise LeafRefused(f"version {leaf.get('v')} of leaves is not known")
    keys = leaf.keys() - {"v", "type", "id", "version", "texts"}
    _require_keys(leaf.get("type", ""), keys, leaf.get("texts", {}).keys())


def parts_of(body: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A body, and the bodies of the ``continued`` leaves that carry what its lists have beyond ``MOST_PARTS``."""
    for name in LISTS:
        items = body.get(name)
        if items is not None and len(items) > MOST_PARTS:
            rest = [items[start : start + MOST_PARTS] for start in range(MOST_PARTS, len(items), MOST_PARTS)]
            first = {**body, name: items[:MOST_PARTS], "continued": len(rest)}
            return first, [{"part": part, name: each} for part, each in enumerate(rest, start=1)]
    return body, []


def commitment(salt: bytes, field: str, text: str) -> str:
    """Hex HMAC-SHA256 keyed by ``salt`` over field ‖ 0x00 ‖ NFC text: hides the text, binds the publisher to it."""
    words = text if text.isascii() else unicodedata.normalize("NFC", text)
    return hmac.digest(salt, f"{field}\0{words}".encode(), "sha256").hex()


def text_fields(who: str) -> list[tuple[str, str]]:
    """(kind, field) of every committed text of a class: OFFICIAL, DISPLAYED or INTERNAL."""
    return [(kind, name) for kind, rule in KINDS.items() for name, each in rule.texts.items() if each == who]
