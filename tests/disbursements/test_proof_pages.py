"""The pages after a payment: from the proof of use to the end of the request, and what the public reads of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from app.disbursements.proof.models import ProofOfUse
from app.files.models import Attachment
from app.settings import Settings
from tests.disbursements import scenes
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
WORDS = "米 32 袋、面 32 袋，送到 32 户"


def _address(found: int, path: str = "") -> str:
    return f"/office/disbursements/{found}{path}"


def _paid(session: Session, settings: Settings) -> int:
    scenes.give(session, 1_000_000)
    found = scenes.approved(session)
    scenes.pay(session, settings.files_dir, found, 600_000)
    return found


def _fields(**changes: object) -> dict[str, object]:
    return {
        "used": "6,000",
        "words": WORDS,
        "invoice": (scenes.PDF, "发票.pdf"),
        "sign_off": (scenes.PDF + b" signed", "签收表.pdf"),
        **changes,
    }


def test_from_proof_to_the_end_by_the_pages(visit: Visit, session: Session, settings: Settings) -> None:
    found = _paid(session, settings)
    secretary, accountant = visit("secretary"), visit("accountant")
    assert _address(found, "/proofs") in secretary.get("/office/").links()
    page = secretary.get(_address(found, "/proofs"))
    assert page.value_of("used") == "6000.00"
    assert "这类支出要有受益人的签收表" in page.words
    answer = secretary.send(page, _fields(), path=_address(found, "/proofs"))
    assert answer.status == 303
    assert "使用凭证已提交，等会计验收" in secretary.follow(answer).words

    judge = _address(found, "/proofs/1/judge")
    assert judge in accountant.get("/office/").links()
    shown = accountant.get(judge)
    assert WORDS in shown.words
    assert "签收表.pdf" in shown.words
    assert accountant.send(shown, {"accepted": "6000"}, path=judge).status == 303
    assert scenes.status_of(session, found) == "proven"
    assert judge not in accountant.get("/office/").links()

    deliver = _address(found, "/delivery")
    assert deliver in secretary.get("/office/").links()
    answer = secretary.submit(deliver, {"recipients": "32", "words": "送到 32 户孤寡老人家里"})
    assert answer.status == 303
    close = _address(found, "/close")
    assert close in secretary.get("/office/").links()
    assert "结项之后，这笔申请不再改动" in secretary.get(close).words
    assert secretary.submit(close).status == 303
    assert scenes.status_of(session, found) == "closed"
    assert _address(found) not in " ".join(secretary.get("/office/").links())

    public = visit().get("/disbursements/2023-01")
    for words in (
        "提交使用凭证 6,000.00 元",
        WORDS,
        "已到达受益人：32 人（户）",
        "送到 32 户孤寡老人家里",
        "已结项",
    ):
        assert words in public.words
    assert "签收表.pdf" not in public.words


def test_part_that_is_not_accepted_is_named_to_everyone(
    visit: Visit, session: Session, settings: Settings
) -> None:
    found = _paid(session, settings)
    secretary, accountant = visit("secretary"), visit("accountant")
    secretary.submit(_address(found, "/proofs"), _fields())
    judge = _address(found, "/proofs/1/judge")
    refused = accountant.submit(judge, {"accepted": "4500"})
    assert refused.status == 422
    assert "请写明原因" in refused.error_at("reason")
    assert refused.value_of("accepted") == "4500"
    answer = accountant.submit(judge, {"accepted": "4500", "reason": "发票 1,500 元与申请无关"})
    assert "还有 1,500.00 元要补凭证，或由收款方退回" in accountant.follow(answer).words
    assert "还有 1,500.00 元没有使用凭证" in secretary.get(_address(found)).words
    assert "认可 4,500.00 元" in visit().get("/disbursements/2023-01").words


WRONG = [
    ({"used": "6000.01"}, "used", "不能超过还没有凭证的 6,000.00 元"),
    ({"used": "0"}, "used", "金额不能是零"),
    ({"used": "很多"}, "used", "不是金额"),
    ({"words": " "}, "words", "请填写这一项"),
    ({"words": "长" * 2001}, "words", "最多 2000 个字"),
    ({"sign_off": None}, "sign_off", "这类支出要有受益人的签收表"),
    ({"invoice": (b"GIF89a", "发票.pdf")}, "invoice", "不是这里可用的文件类型"),
]


def test_wrong_proof_is_refused_beside_its_field_and_keeps_nothing(
    visit: Visit, session: Session, settings: Settings
) -> None:
    found = _paid(session, settings)
    secretary = visit("secretary")
    before = session.query(Attachment).count()
    page = secretary.get(_address(found, "/proofs"))
    for changes, field, sentence in WRONG:
        refused = secretary.send(page, _fields(**changes), path=_address(found, "/proofs"))
        assert refused.status == 422, changes
        assert sentence in refused.error_at(field), changes
        if field != "words":
            assert refused.value_of("words").strip() == WORDS
    session.rollback()
    assert session.query(ProofOfUse).count() == 0
    assert session.query(Attachment).count() == before


def test_public_copy_is_public_and_the_original_is_not(
    visit: Visit, session: Session, settings: Settings
) -> None:
    found = _paid(session, settings)
    secretary = visit("secretary")
    answer = secretary.submit(
        _address(found, "/public-copies"), {"public_copy": (scenes.PDF + b" redacted", "签收表（遮盖）.pdf")}
    )
    assert answer.status == 303
    public = visit().get("/disbursements/2023-01")
    assert "签收表（遮盖）.pdf" in public.words
    assert "回单.pdf" not in public.words
    missing = secretary.submit(_address(found, "/public-copies"), {})
    assert missing.status == 422
    assert "请选择文件" in missing.error_at("public_copy")


@pytest.mark.parametrize("path", ["/proofs", "/proofs/1/judge", "/delivery", "/delivery/take-back", "/close"])
def test_pages_are_for_their_offices(visit: Visit, session: Session, settings: Settings, path: str) -> None:
    found = _paid(session, settings)
    visit("secretary").submit(_address(found, "/proofs"), _fields())
    address = _address(found, path)
    assert visit().post(address).status == 401
    for key in ("cashier", "supervisor", "auditor", "host", "administrator"):
        assert visit(key).post(address).status == 403, key
    assert visit("secretary").post(_address(found, "/close")).status == 409
