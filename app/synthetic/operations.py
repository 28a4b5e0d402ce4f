"""Making a fund for measuring."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from sqlalchemy.orm import Session

from app.council.rules import Tally, quorum_of
from app.disbursements import operations as disbursements
from app.disbursements.payments.operations import pay_disbursement
from app.disbursements.rules import DisbursementDraft
from app.donations.operations import record_donations
from app.files.operations import attach_file
from app.funds import operations as funds
from app.funds import queries as fund_queries
from app.ledger import queries as ledger
from app.ledger.treasury.operations import create_earmark, open_fund_books
from app.parties.operations import PartyDraft
from app.people import operations as people
from app.people.rules import OPERATOR
from app.shared import clock
from app.shared.db import transaction
from app.shared.errors import N_, Refused
from app.shared.permissions import Actor, Office, Role
from app.synthetic.rules import DAYS, FIRST_DAY, PURPOSES, Synthetic, gifts

SLUG = "synthetic"
NOTICE = "合成数据：本站全部记录由程序生成，仅用于性能测量，与任何真实的人和单位无关"
_BATCH = 5_000
_SEATS = 5
_PAPER = (
    b"%PDF-1.4\n% made up for measuring\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


def generate(
    session: Session,
    files_dir: Path,
    *,
    gift_count: int,
    disbursement_count: int,
    seed: int,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """A synthetic fund of that many gifts, then requests decided and paid, under a simulated clock.

    Raises Refused when the fund is there already. ``progress`` is told how many gifts are recorded.
    """
    if any(fund.slug == SLUG for fund in fund_queries.funds(session)):
        raise Refused(N_("合成数据基金已经存在，请换一个空的数据库"))
    last = FIRST_DAY + timedelta(days=DAYS + 30)
    with clock.simulated(datetime(last.year, last.month, last.day, 2, tzinfo=UTC)):
        synthetic = _set_up(session)
        actor = Actor(None, NOTICE, tuple(Office(role, synthetic.fund_id, 0) for role in Role))
        progress(0)
        made, drafts = 0, gifts(gift_count, seed, synthetic)
        while batch := list(islice(drafts, _BATCH)):
            with transaction(session, books=True):
                record_donations(session, actor, batch)
            session.expunge_all()
            made += len(batch)
            progress(made)
        chance = random.Random(seed + 1)  # noqa: S311 the same fund for the same seed
        for index in range(disbursement_count):
            with transaction(session, books=True):
                _disburse(session, files_dir, actor, synthetic.fund_id, chance, index)


def _set_up(session: Session) -> Synthetic:
    with transaction(session, books=True):
        host = funds.create_host(session, OPERATOR, name="合成数据慈善会")
        fund = funds.create_fund(session, OPERATOR, host_id=host.id, slug=SLUG, name="合成数据基金")
        fund.example_notice = NOTICE
        actor = Actor(None, NOTICE, tuple(Office(role, fund.id, 0) for role in Role))
        earmarks = [open_fund_books(session, actor, fund).id]
        for index, name in enumerate(PURPOSES, start=1):
            earmarks.append(create_earmark(session, actor, fund.id, f"{SLUG}-{index}", name, "restricted").id)
        for seat in range(1, _SEATS + 1):
            person = people.create_user(
                session,
                OPERATOR,
                email=f"seat{seat}@synthetic.example",
                name=f"合成理事{seat}",
                password=f"made-up-for-measuring-{random.SystemRandom().getrandbits(64)}",
            )
            role = Role.CHAIR if seat == 1 else Role.COUNCIL
            people.start_term(
                session,
                OPERATOR,
                user_id=person.id,
                role=role,
                fund_id=fund.id,
                seat_number=seat,
                starts_on=FIRST_DAY,
            )
        accounts = {account.kind: account.id for account in ledger.money_accounts_of(session, fund.id)}
        return Synthetic(fund.id, tuple(earmarks), accounts)


def _disburse(
    session: Session, files_dir: Path, actor: Actor, fund_id: int, chance: random.Random, index: int
) -> None:
    """One request, decided and paid in full from the fullest account, small enough to be borne."""
    pools = [pool for pool in ledger.pools_of(session, fund_id) if pool.available_minor > 10_000]
    if not pools:
        return
    pool = chance.choice(pools)
    today = clock.today()
    accounts = ledger.money_accounts_of(session, fund_id)
    account = max(accounts, key=lambda each: ledger.balance_on(session, each.id, today))
    bound = min(pool.available_minor, ledger.balance_on(session, account.id, today)) // 50
    draft = DisbursementDraft(
        fund_id=fund_id,
        earmark_id=pool.earmark_id,
        project_name=PURPOSES[index % len(PURPOSES)],
        applicant=PartyDraft("organisation", "合成社区居委会"),
        payee=PartyDraft("organisation", f"合成收款单位{index % 50}"),
        amount_minor=max(100, chance.randint(100, max(101, bound))),
        spending_kind=chance.choice(("goods_purchase", "project_works", "organisation_aid")),
        reason="合成数据：用于性能测量的一笔申请",
        applied_on=today,
    )
    request = disbursements.draft_disbursement(session, actor, draft)
    for purpose in ("minutes", "bank_slip"):
        attach_file(
            session,
            actor,
            files_dir,
            subject_type=disbursements.SUBJECT,
            subject_id=request.id,
            purpose=purpose,
            name="合成附件.pdf",
            content=_PAPER,
        )
    disbursements.submit_disbursement(session, actor, request.id)
    tally = Tally(_SEATS, quorum_of(_SEATS), approve=_SEATS)
    disbursements.record_past_decision(session, actor, request.id, today, tally)
    pay_disbursement(
        session,
        actor,
        request.id,
        amount_minor=draft.amount_minor,
        account=account,
        paid_on=today,
        voucher_number=f"合成-{index + 1:06d}",
    )
