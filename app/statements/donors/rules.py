"""What the statement of a donor says (charity-rules §16.4), and how its number and check code are made. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.documents.rules import frozen, plain
from app.shared.errors import N_

CODE_GROUPS = 4
"""Groups of four letters that a check code is shortened to: 64 bits of the SHA-256."""

WAYS: dict[str, str] = {
    "sold": N_("卖出"),
    "given": N_("发放"),
    "stock": N_("在库存里"),
    "lost": N_("损耗或退出"),
}
"""What became of pieces of donated goods."""


@dataclass(frozen=True, slots=True)
class StatedGift:
    """A gift of the period. ``amount_minor`` fen; of goods their value, by ``basis``. ``code`` is that of its receipt,
    ``ticket`` the number of the fiscal receipt, ``agreement`` that of the donation agreement; each "" when there is none."""

    received_on: date
    code: str
    kind: str
    method: str
    things: str
    amount_minor: int
    basis: str
    purpose: str
    agreement: str
    ticket: str
    entry_number: int
    is_reversed: int


@dataclass(frozen=True, slots=True)
class StatedUse:
    """This donor's part of a payment in the period, in fen; negative when it came back. ``payee`` as the public reads it,
    persons by kind alone; ``status`` is that of the request, "" for money spent without one."""

    occurred_on: date
    code: str
    project: str
    resolution: str
    request: str
    beneficiary: str
    payee: str
    amount_minor: int
    status: str
    voucher: str
    entry_number: int


@dataclass(frozen=True, slots=True)
class StatedPromise:
    """Fen that an approved request holds of this donor's money when the statement is made."""

    request: str
    project: str
    status: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class StatedWay:
    """Pieces of donated goods and where they are: sold as a lot (fen that they brought), given out, in stock, lost.

    ``on`` is None for what has no day: pieces in stock or lost, as they are when the statement is made.
    """

    code: str
    item: str
    unit: str
    way: str
    on: date | None
    where: str
    pieces: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class StatedChange:
    """Fen that went from one purpose to another in the period, by which paper."""

    on: date
    code: str
    from_purpose: str
    to_purpose: str
    amount_minor: int
    document: str
    entry_number: int


@dataclass(frozen=True, slots=True)
class StatedSums:
    """The donor's money in the fund over the period, in fen: opening + given − used − returned = closing.

    Given is what gifts of money were and what goods were sold for. ``promised_minor`` is approved but not paid, of the money
    that is not used when the statement is made; ``goods_minor`` the value of goods given in the period, outside of the sum.
    """

    opening_minor: int
    given_minor: int
    used_minor: int
    returned_minor: int
    promised_minor: int
    goods_minor: int

    @property
    def closing_minor(self) -> int:
        """What is not used at the end of the period."""
        return self.opening_minor + self.given_minor - self.used_minor - self.returned_minor


@dataclass(frozen=True, slots=True)
class DonorStatement:
    """The whole statement: for the donor alone, never issued to the public. ``log_size`` leaves were in the log when it was
    computed; ``issued_on`` is no part of what the check code is taken of, so that the same books give the same code."""

    donor_code: str
    donor_name: str
    host_name: str
    fund_name: str
    currency: str
    example_notice: str
    phone: str
    first: date
    last: date
    log_size: int
    gifts: tuple[StatedGift, ...]
    uses: tuple[StatedUse, ...]
    promises: tuple[StatedPromise, ...]
    ways: tuple[StatedWay, ...]
    changes: tuple[StatedChange, ...]
    sums: StatedSums
    issued_on: date

    @property
    def number(self) -> str:
        """The statement's number: the same for the same donor, period and state of the books."""
        return f"DZ-{self.donor_code}-{self.first:%Y%m%d}-{self.last:%Y%m%d}-{self.log_size}"

    @property
    def sha256(self) -> str:
        """The SHA-256 of the figures in hex."""
        figures = plain(self)
        del figures["issued_on"]
        return frozen(figures)[1]

    @property
    def check_code(self) -> str:
        """The beginning of the SHA-256, for reading aloud."""
        digest = self.sha256.upper()
        return "-".join(digest[start : start + 4] for start in range(0, 4 * CODE_GROUPS, 4))


def donor_code(party_ids: list[int]) -> str:
    """What a donor is called on paper: the number of the record, of several the first."""
    return f"J{min(party_ids):06d}"


def differences(statement: DonorStatement) -> dict[str, int]:
    """By how many fen what has to tie does not: {} for a sound statement."""
    found = {
        "used": sum(use.amount_minor for use in statement.uses) - statement.sums.used_minor,
        "promised": sum(each.amount_minor for each in statement.promises) - statement.sums.promised_minor,
    }
    return {name: minor for name, minor in found.items() if minor}
