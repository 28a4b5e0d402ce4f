"""A register beside the books: what each row becomes, and how an edited register differs from the one before."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from app.donations.registers.rows.rules import GiftRow
from app.donations.rules import DonationDraft
from app.goods.operations import GoodsDraft
from app.parties.operations import PartyDraft
from app.parties.rules import ConsentDraft
from app.shared.canonical import canonical_bytes
from app.shared.errors import N_, Conflict
from app.shared.permissions import Actor, Permission
from app.sheets.headings import HeadingMatch
from app.sheets.layout import RegisterLayout
from app.sheets.rows import CellRefusal, Note

Values = Mapping[str, Any]
"""A gift in plain values: date (ISO), donor, kind, claim, method, amount (fen), goods, earmark (slug, "" when unrestricted),
wish, memo, receipt_number, number."""

State = Literal["new", "same", "changed", "asks", "refused"]
CorrectionKind = Literal["words", "donor", "consent", "money"]

CORRECTED_BY: dict[CorrectionKind, tuple[str, ...]] = {
    "words": ("number", "date", "wish", "memo", "receipt_number"),
    "donor": ("donor", "kind"),
    "consent": ("claim",),
    "money": ("method", "amount", "goods", "earmark"),
}
CORRECTED_WITH: dict[CorrectionKind, Permission] = {
    "words": Permission.GIFT_RECORD,
    "donor": Permission.GIFT_RECORD,
    "consent": Permission.CONSENT_RECORD,
    "money": Permission.BOOKS_CORRECT,
}
FIELD_NAMES: dict[str, str] = {
    "number": N_("序号"),
    "date": N_("日期"),
    "donor": N_("捐赠人"),
    "kind": N_("捐赠人类型"),
    "claim": N_("是否公开姓名"),
    "method": N_("捐赠方式"),
    "amount": N_("金额"),
    "goods": N_("物品"),
    "earmark": N_("指定用途"),
    "wish": N_("捐赠意愿"),
    "memo": N_("备注"),
    "receipt_number": N_("票据号"),
}


class AlreadyImported(Conflict):
    """The very same file is in already. ``register_id`` says where."""

    def __init__(self, sentence: str, register_id: int, **values: Any) -> None:
        super().__init__(sentence, field="file", **values)
        self.register_id = register_id


@dataclass(frozen=True, slots=True)
class PlannedEarmark:
    """Where a gift goes. ``id`` is None for a restricted earmark that the import makes."""

    id: int | None
    slug: str
    name: str
    is_restricted: bool


@dataclass(frozen=True, slots=True)
class NewEarmark:
    """A purpose in the register that no earmark has yet: what will be made of it."""

    purpose: str
    slug: str
    rows: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that the edited register says differently."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Correction:
    """Changes of one row that are accepted or declined together. ``refusal`` says why they cannot be made here."""

    kind: CorrectionKind
    changes: tuple[Change, ...]
    by_default: bool
    note: Note | None = None
    refusal: Note | None = None


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A row of the register as last imported (``last``) and as recorded now (``now``); ``now`` is None once reversed."""

    id: int
    key: str
    row_number: int
    donation_id: int
    party_id: int
    last: Values
    now: Values | None
    texts: Mapping[str, str]
    extras: Mapping[int, str]
    shared_gifts: int = 0


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """A row as it will be recorded, skipped, offered as corrections, or refused."""

    row: GiftRow
    state: State
    key: str
    values: Values
    earmark: PlannedEarmark
    wish: str
    public_name: str
    consent: ConsentDraft | None
    refusals: tuple[CellRefusal, ...]
    notes: tuple[Note, ...]
    kept: KeptRow | None = None
    corrections: tuple[Correction, ...] = ()

    @property
    def number(self) -> int:
        """Its row in the office's program."""
        return self.row.number

    @property
    def total_minor(self) -> int:
        """The money, or the value of the goods, in fen."""
        return self.row.amount_minor or 0

    @property
    def is_goods(self) -> bool:
        """Whether it is a gift in kind."""
        return self.row.method == "goods"

    def draft(self, fund_id: int, register_id: int | None, earmark_id: int) -> DonationDraft:
        """The gift to be recorded."""
        assert self.row.received_on is not None
        return DonationDraft(
            fund_id=fund_id,
            received_on=self.row.received_on,
            method=self.row.method,
            donor=PartyDraft(self.row.donor_kind, self.row.donor, self.consent, self.row.contact),
            earmark_id=earmark_id,
            amount_minor=0 if self.is_goods else self.total_minor,
            goods=list(self.row.goods),
            wish=self.wish,
            memo=self.row.memo,
            receipt_number=self.row.receipt_number,
            office_number=self.row.office_number,
            register_id=register_id,
        )


@dataclass(frozen=True, slots=True)
class ConsentChange:
    """An organisation that is known already and says something else about its name in this register."""

    party_id: int
    name: str
    draft: ConsentDraft


@dataclass(frozen=True, slots=True)
class DonationPreview:
    """A register read against the books; nothing of it is recorded yet.

    While ``question`` is set there are no rows: "sheet" asks which of ``sheet_names`` is meant, "headings" which column is
    which (``match`` is None where no headings were found at all).
    """

    fund_id: int
    file_name: str
    content: bytes
    sha256: str
    title: str
    sheet_name: str
    sheet_names: tuple[str, ...]
    match: HeadingMatch | None
    question: Literal["", "sheet", "headings"] = ""
    first_cells: tuple[tuple[str, ...], ...] = ()
    register_id: int | None = None
    latest_file_id: int | None = None
    rows: tuple[PlannedRow, ...] = ()
    vanished: tuple[KeptRow, ...] = ()
    new_earmarks: tuple[NewEarmark, ...] = ()
    wishes: tuple[str, ...] = ()
    consent_changes: tuple[ConsentChange, ...] = ()
    notes: tuple[Note, ...] = ()
    layout: RegisterLayout | None = None

    def of(self, *states: State) -> list[PlannedRow]:
        """The rows in these states, in the order of the register."""
        return [row for row in self.rows if row.state in states]

    @property
    def refused(self) -> list[PlannedRow]:
        """Rows that cannot be recorded as they are, or until they are answered."""
        return self.of("refused", "asks")

    @property
    def new_money_minor(self) -> int:
        """Money that will be recorded, in fen."""
        return sum(row.total_minor for row in self.of("new") if not row.is_goods)

    @property
    def new_goods_minor(self) -> int:
        """Value of the goods that will be recorded, in fen."""
        return sum(row.total_minor for row in self.of("new") if row.is_goods)

    @property
    def offered(self) -> frozenset[str]:
        """Every correction that can be accepted, as "row:kind"."""
        return frozenset(
            f"{row.number}:{one.kind}" for row in self.rows for one in row.corrections if one.refusal is None
        )

    def accepted_by_default(self, actor: Actor) -> frozenset[str]:
        """The corrections that are accepted unless somebody declines: words, but not money, and what the actor may do."""
        return frozenset(
            f"{row.number}:{one.kind}"
            for row in self.rows
            for one in row.corrections
            if one.refusal is None and one.by_default and actor.may(CORRECTED_WITH[one.kind], self.fund_id)
        )

    @property
    def digest(self) -> str:
        """Tells whether two readings would record the same."""
        plan = [
            [
                row.number,
                row.state,
                dict(row.values),
                row.public_name,
                [[one.kind, [str(change.old) for change in one.changes]] for one in row.corrections],
            ]
            for row in self.rows
        ]
        made = [[one.purpose, one.slug] for one in self.new_earmarks]
        whole = [self.sha256, self.title, plan, made, [row.id for row in self.vanished]]
        return hashlib.sha256(canonical_bytes(whole)).hexdigest()


def values_of(row: GiftRow, earmark_slug: str, wish: str) -> dict[str, Any]:
    """A row as plain values, to be kept and compared."""
    return {
        "number": row.office_number,
        "date": row.received_on.isoformat() if row.received_on else "",
        "donor": row.donor,
        "kind": row.donor_kind,
        "claim": row.claim,
        "method": row.method,
        "amount": row.amount_minor or 0,
        "goods": goods_values(row.goods),
        "earmark": earmark_slug,
        "wish": wish,
        "memo": row.memo,
        "receipt_number": row.receipt_number,
    }


def goods_values(goods: Iterable[GoodsDraft]) -> list[list[Any]]:
    """Goods lines as plain values."""
    return [[line.item, line.quantity, line.unit, line.value_minor] for line in goods]


def identity(values: Values) -> str:
    """What makes a row the same gift whatever else is edited in it: day, donor, amount, things."""
    things = [line[:2] for line in values["goods"]]
    whole = [values["date"], values["donor"], values["amount"], things]
    return hashlib.sha256(canonical_bytes(whole)).hexdigest()[:40]


def row_keys(rows: Sequence[Values]) -> list[str]:
    """The key of each row: the office's number, else its identity; with a counter, so that two equal gifts stay two."""
    seen: dict[str, int] = defaultdict(int)
    keys = []
    for values in rows:
        key = f"number:{values['number']}" if values["number"] else f"words:{identity(values)}"
        keys.append(f"{key}:{seen[key]}" if seen[key] or not values["number"] else key)
        seen[key] += 1
    return keys


def is_part_of(values: Values, first: Values) -> bool:
    """Whether a row under a number that was used is another thing of the same gift, as in cells merged over rows, and
    not the row once more."""
    same_gift = all(values[name] == first[name] for name in ("date", "donor"))
    return same_gift and identity(values) != identity(first)


def match_rows(new: Sequence[Values], keys: Sequence[str], kept: Sequence[KeptRow]) -> dict[int, KeptRow]:
    """Which row of the edited register is which row of the one before, by index.

    First the same key and gift, then the same gift (renumbered), then the same number; last, for rows without a number,
    the only one left of the same day and donor, or of the same donor and amount.
    """
    if not kept:
        return {}
    found: dict[int, KeptRow] = {}
    left = {row.id: row for row in kept}

    def pair(index: int, row: KeptRow) -> None:
        found[index] = row
        del left[row.id]

    by_key = {row.key: row for row in kept}
    gifts = [identity(values) for values in new]
    for index, key in enumerate(keys):
        row = by_key.get(key)
        if row is not None and gifts[index] in _identities(row):
            pair(index, row)
    by_gift: dict[str, list[KeptRow]] = defaultdict(list)
    for row in left.values():
        for gift in _identities(row):
            by_gift[gift].append(row)
    for index, gift in enumerate(gifts):
        if index not in found:
            row = next((one for one in by_gift[gift] if one.id in left), None)
            if row is not None:
                pair(index, row)
    for index, key in enumerate(keys):
        row = by_key.get(key)
        if index not in found and row is not None and row.id in left and key.startswith("number:"):
            pair(index, row)
    for words in (_day_and_donor, _donor_and_amount):
        _pair_the_only_ones(new, keys, found, left, words, pair)
    return found


def _identities(row: KeptRow) -> set[str]:
    return {identity(row.last), *([identity(row.now)] if row.now is not None else [])}


def _day_and_donor(values: Values) -> tuple[Any, ...]:
    return values["date"], values["donor"]


def _donor_and_amount(values: Values) -> tuple[Any, ...]:
    return values["donor"], values["amount"]


def _pair_the_only_ones(
    new: Sequence[Values],
    keys: Sequence[str],
    found: Mapping[int, KeptRow],
    left: Mapping[int, KeptRow],
    words: Callable[[Values], tuple[Any, ...]],
    pair: Callable[[int, KeptRow], None],
) -> None:
    open_rows: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for index, key in enumerate(keys):
        if index not in found and key.startswith("words:"):
            open_rows[words(new[index])].append(index)
    waiting: dict[tuple[Any, ...], list[KeptRow]] = defaultdict(list)
    for row in left.values():
        if row.key.startswith("words:"):
            waiting[words(row.last)].append(row)
    for same, indexes in open_rows.items():
        if len(indexes) == len(waiting[same]) == 1:
            pair(indexes[0], waiting[same][0])


def is_another_gift(new: Values, kept: KeptRow) -> bool:
    """Whether nothing of a row is left but its number: then it is another register's row, not a correction."""
    now = kept.now or kept.last
    return all(
        new[name] != now[name] and new[name] != kept.last[name] for name in ("date", "donor", "amount")
    )


def changes_between(new: Values, kept: KeptRow) -> dict[CorrectionKind, tuple[Change, ...]]:
    """What the edited row says differently from the register before *and* from the books.

    What the office corrected on the site in the meantime is not undone by sending the old register again.
    """
    now = kept.now
    if now is None:
        return {}
    found: dict[CorrectionKind, tuple[Change, ...]] = {}
    for kind, names in CORRECTED_BY.items():
        changes = tuple(
            Change(name, now[name], new[name])
            for name in names
            if new[name] != now[name] and new[name] != kept.last.get(name)
        )
        if changes:
            found[kind] = changes
    return found


def consent_of(claim: bool | None, title: str, row_number: int) -> ConsentDraft | None:
    """The claim of a row as a record: what was said, and where it stands. No evidence."""
    if claim is None:
        return None
    how = f"登记表“{title[:120]}”第 {row_number} 行的“是否公开姓名”"
    return ConsentDraft("named" if claim else "not_named", how)


def day_of(values: Values) -> date:
    """The day of kept values."""
    return date.fromisoformat(values["date"])
