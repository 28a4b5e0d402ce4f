"""/verify without a browser's help, the proofs that it asks for, and the files to keep."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from sqlalchemy.orm import Session

from app.donations.models import Donation
from app.log.checkpoint.queries import identity
from app.log.checkpoint.rules import checked_proof, opened_checkpoint, parse_proof
from app.log.merkle.rules import continues, leaf_hash
from app.parties.operations import PartyDraft
from app.public.verification import routes
from app.public.verification.rules import Allowance
from app.settings import ROOT
from tests.donations.gifts import give
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
UNKNOWN = "ABCD-EFGH-JKLM-NPQR-STUV-WXYZ"
PERSON = "阿依古丽机密"


@pytest.fixture
def donation(session: Session) -> Donation:
    """A gift of somebody who did not agree to be named."""
    return session.get_one(Donation, give(session, donor=PartyDraft("person", PERSON)))


def test_receipt_leads_to_a_proof_that_holds_and_names_nobody(
    visit: Visit, session: Session, donation: Donation
) -> None:
    stranger = visit()
    assert (
        stranger.get(f"/verify/receipts/{donation.receipt_code}.json").status == 409
    )  # nothing is signed yet
    assert stranger.get("/log/checkpoint").status == 200
    answer = stranger.get(f"/verify/receipts/{donation.receipt_code.lower()}.json")
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert PERSON.encode() not in answer.content
    found = json.loads(answer.content)
    assert json.loads(found["leaf"])["number"] == donation.entry_number
    text = stranger.get(f"/verify/entries/{donation.entry_number}.tlog-proof").content.decode()
    proof, log = parse_proof(text), identity(session)
    assert log is not None
    assert proof.extra.decode() == found["leaf"]
    assert checked_proof(proof, leaf_hash(proof.extra), log) == opened_checkpoint(found["checkpoint"], log)
    assert found["key"] == str(log)


def test_codes_and_numbers_that_lead_nowhere_look_alike(visit: Visit, donation: Donation) -> None:
    stranger = visit()
    stranger.get("/log/checkpoint")
    answers = {
        (answer.status, answer.content)
        for path in (
            f"receipts/{UNKNOWN}.json",
            "receipts/x.json",
            f"receipts/{donation.receipt_code[:-1]}.json",
            "entries/99999.json",
            "entries/0.json",
            "entries/9223372036854775807.json",
            "entries/99999.tlog-proof",
        )
        for answer in [stranger.get(f"/verify/{path}")]
    }
    assert answers == {(404, b'{"error":"not_found"}')}


def test_consistency_between_sizes(visit: Visit, session: Session, donation: Donation) -> None:
    stranger, log = visit(), identity(session)
    assert log is not None
    old = opened_checkpoint(stranger.get("/log/checkpoint").content.decode(), log)
    give(session)
    new = opened_checkpoint(stranger.get("/log/checkpoint").content.decode(), log)
    answer = stranger.get(f"/verify/consistency.json?from={old.size}&to={new.size}")
    path = [base64.b64decode(each) for each in json.loads(answer.content)["hashes"]]
    assert continues(old.size, new.size, path, old.root, new.root)
    for question in (
        "",
        "?from=1",
        "?from=0&to=2",
        "?from=3&to=2",
        "?from=-1&to=2",
        "?from=1&to=99999",
        "?from=１&to=2",
    ):
        assert stranger.get(f"/verify/consistency.json{question}").status == 404


def test_page_says_what_is_proved_and_what_is_not(visit: Visit, session: Session, donation: Donation) -> None:
    stranger = visit()
    log = identity(session)
    assert "还没有签名的检查点" in stranger.get("/verify").words
    note = stranger.get("/log/checkpoint").content.decode()
    page = stranger.get("/verify")
    assert page.heading == "自己验证"
    assert "自登记以来未被改动；不证明登记本身属实" in page.words
    assert str(log) in page.words
    assert " ".join(note.split()) in page.words
    found = stranger.get(f"/verify?record={donation.receipt_code}")
    assert f"找到了第 {donation.entry_number} 号的记录和证明" in found.words
    assert f"/verify/entries/{donation.entry_number}.json" in found.links()
    assert PERSON not in found.html
    assert (
        f"找到了第 {donation.entry_number} 号" in stranger.get(f"/verify?entry={donation.entry_number}").words
    )
    for unknown in (UNKNOWN, "99999", "hello", '"><script>'):
        page = stranger.get("/verify?" + urlencode({"record": unknown}))
        assert "没有这个编号或收据码的记录" in page.words
        assert "<script>" not in page.html.partition("<main")[2]


def test_files_to_keep_are_downloads_with_the_hash_that_the_page_prints(visit: Visit) -> None:
    page = visit().get("/verify").words
    for name in ("verify.html", "verify_sunledger.py"):
        answer = visit().get(f"/verify/{name}")
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert hashlib.sha256(answer.content).hexdigest() in page


def test_file_to_keep_is_what_its_sources_give() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / ".ci" / "build_verifier.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    kept = (ROOT / "static" / "verify" / "verify.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in kept
    assert not re.search(r"""(src|href)=["'](https?:)?//""", kept)


def test_too_many_questions_are_put_off(
    visit: Visit, donation: Donation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "_allowance", Allowance(most=2))
    stranger = visit()
    answers = [stranger.get(f"/verify/receipts/{UNKNOWN}.json").status for _ in range(3)]
    assert answers == [404, 404, 429]
    assert stranger.get("/verify").status == 200


def test_allowance_comes_back_and_forgets_the_oldest() -> None:
    allowance = Allowance(most=2, seconds=60, remembered=2)
    assert [allowance.is_spent("a", at) for at in (0, 1, 2, 59)] == [False, False, True, True]
    assert not allowance.is_spent("a", 60.5)
    assert allowance.is_spent("a", 60.6)
    assert not allowance.is_spent("b", 60.6)
    assert not allowance.is_spent("c", 60.6)
    assert not allowance.is_spent("a", 60.7)  # only two addresses are remembered
