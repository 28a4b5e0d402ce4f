"""What a confirmation of a gift says (charity-rules §16.5). It is no receipt for taxes: that one is the host's (§7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.donations.fiscal.rules import Fiscal
from app.shared.errors import N_, Conflict, Refused

TITLE = N_("捐赠接收确认单")
THANKS = N_("感谢状")
NOT_FOR_TAXES = N_("非税前扣除凭证")
RESTRICTIONS: dict[str, str] = {
    "unrestricted": N_("非限定性"),
    "designated": N_("理事会指定（非限定性）"),
    "restricted": N_("限定性"),
}
MOST_AT_ONCE = 2_000
"""Confirmations in one file: more of them are chosen in several steps."""


@dataclass(frozen=True, slots=True)
class ReceiptFilter:
    """Which gifts of a fund are to be printed: by the days they came, the kind, the register or the sale event they belong to.

    To an event belong the gifts of its day and those whose goods were lots of it. Reversed gifts are never among them.
    """

    fund_id: int
    first: date | None = None
    last: date | None = None
    kind: str = ""
    register_id: int | None = None
    event_id: int | None = None


@dataclass(frozen=True, slots=True)
class ReceivedGoods:
    """One line of goods: pieces, what all of them are worth (fen), and how that is known ("" where nobody said it yet)."""

    item: str
    unit: str
    quantity: int
    value_minor: int
    basis: str
    basis_is_confirmed: bool

    @property
    def unit_value_minor(self) -> int | None:
        """Fen for one piece; None where the value does not divide into whole fen."""
        return None if self.value_minor % self.quantity else self.value_minor // self.quantity


@dataclass(frozen=True, slots=True)
class Receipt:
    """One gift as its donor's own paper says it, with the true name: never for a public page, file or cache.

    ``amount_minor``: fen, of goods the value. ``fiscal``: the host's official receipt. ``handler``: who recorded the gift.
    """

    gift_id: int
    number: str
    version: int
    is_reversed: bool
    is_unnamed: bool
    donor: str
    donor_kind: str
    received_on: date
    kind: str
    method: str
    amount_minor: int
    goods: tuple[ReceivedGoods, ...]
    purpose: str
    restriction: str
    wish: str
    handler: str
    entry_number: int
    code: str
    agreement_number: str
    fiscal: Fiscal
    fund_name: str
    host_name: str
    host_registration: str
    phone: str
    example_notice: str


def require_thankable(receipt: Receipt) -> None:
    """Raise Refused for a gift whose donor is not known by name, Conflict for one that was undone."""
    if receipt.is_reversed:
        raise Conflict(N_("这笔捐赠已经冲销，不发感谢状"))
    if receipt.is_unnamed:
        raise Refused(N_("不具名的捐赠没有感谢状；可以打印追踪码"))


def receipt_number(recorded_in: int, gift_id: int) -> str:
    """The fund's own number of a confirmation: the year of recording and the gift. A correction keeps it."""
    return f"{recorded_in}-{gift_id:06d}"


def in_parts(ids: list[int], size: int) -> list[list[int]]:
    """The gifts of each part of a long file, in the order given."""
    return [ids[start : start + size] for start in range(0, len(ids), size)]
