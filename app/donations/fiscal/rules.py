"""What may be recorded of an official receipt."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from app.donations.fiscal.states import STATUSES
from app.shared.errors import N_, InputRefused, Refused
from app.shared.periods import require_plausible

LONGEST_NUMBER = 60
LONGEST_WORDS = 500
_CODE = re.compile(r"[0-9]{5,20}")
_CHECK_CODE = re.compile(r"[0-9A-Za-z]{4,20}")


@dataclass(frozen=True, slots=True)
class FiscalDraft:
    """What is to be recorded. ``words``: how the donor waived it, or why it is void or not issued."""

    status: str
    number: str = ""
    code: str = ""
    check_code: str = ""
    issued_on: date | None = None
    words: str = ""

    @property
    def public_number(self) -> str:
        """The number that the public reads: of a receipt that stands."""
        return self.number if self.status == "issued" else ""


@dataclass(frozen=True, slots=True)
class Fiscal:
    """What is known of a gift's official receipt now. ``version`` 0: as the gift was recorded."""

    version: int
    status: str
    number: str
    code: str
    check_code: str
    issued_on: date | None


def refuse_if_wrong(draft: FiscalDraft, received_on: date, today: date) -> None:
    """Raise InputRefused with one refusal for every field that is wrong.

    An official receipt is issued after the property was received (charity-rules §7, ZJ Art. 17); the donor may waive it
    (Charity Law Art. 38), and somebody has to say how.
    """
    refusals: list[Refused] = []
    if draft.status not in STATUSES:
        refusals.append(Refused(N_("请选择票据状态"), field="status"))
    if draft.status in ("issued", "void"):
        refusals += _wrong_particulars(draft, received_on, today)
    elif draft.number or draft.code or draft.check_code or draft.issued_on:
        refusals.append(Refused(N_("没有开具票据，就不填号码、代码、校验码和日期"), field="number"))
    if draft.status in ("none", "waived", "void") and not draft.words:
        sentence = (
            N_("请写明捐赠人什么时候、怎样表示放弃票据")
            if draft.status == "waived"
            else N_("请写明原因，例如开错金额、重复开具")
        )
        refusals.append(Refused(sentence, field="words"))
    if len(draft.words) > LONGEST_WORDS:
        refusals.append(Refused(N_("最多 %(longest)s 个字"), field="words", longest=LONGEST_WORDS))
    if refusals:
        raise InputRefused(refusals)


def _wrong_particulars(draft: FiscalDraft, received_on: date, today: date) -> list[Refused]:
    refusals = []
    if not draft.number:
        refusals.append(Refused(N_("请填写票据号码"), field="number"))
    if len(draft.number) > LONGEST_NUMBER:
        refusals.append(Refused(N_("最多 %(longest)s 个字"), field="number", longest=LONGEST_NUMBER))
    if draft.code and not _CODE.fullmatch(draft.code):
        refusals.append(Refused(N_("票据代码是 5 到 20 位数字，请照票面填写"), field="code"))
    if draft.check_code and not _CHECK_CODE.fullmatch(draft.check_code):
        refusals.append(Refused(N_("校验码是 4 到 20 位字母或数字，请照票面填写"), field="check_code"))
    if draft.issued_on is not None:
        try:
            require_plausible(draft.issued_on, today, "issued_on")
        except Refused as refusal:
            refusals.append(refusal)
        else:
            if draft.issued_on < received_on:
                refusals.append(
                    Refused(N_("捐赠在 %(day)s 收到，票据不能开在这之前"), field="issued_on", day=received_on)
                )
    return refusals
