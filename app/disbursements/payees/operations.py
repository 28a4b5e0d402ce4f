"""Recording into which account a payee is paid."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.disbursements import queries
from app.disbursements.payees.models import PayeeAccount
from app.disbursements.payees.queries import current
from app.disbursements.payees.rules import parse_number
from app.parties.queries import party
from app.shared import clock
from app.shared.audit import record
from app.shared.encryption import decrypt, encrypt, keyed_hash
from app.shared.errors import N_, Refused
from app.shared.permissions import Actor, Permission
from app.shared.text import normal


def record_account(session: Session, actor: Actor, disbursement_id: int, number: str, bank: str) -> None:
    """Record the account of a request's payee as a new version. The same number and bank again change nothing.

    Raises Refused for a number that cannot be one, naming the field ``number`` or ``bank``.
    """
    disbursement = queries.disbursement(session, disbursement_id)
    actor.require(Permission.DISBURSEMENT_REQUEST, disbursement.fund_id)
    payee = party(session, disbursement.payee_id)
    digits, name = parse_number(number, payee.kind), normal(bank)
    if not name or len(name) > 120:
        raise Refused(N_("请填写开户银行，最多 120 个字"), field="bank")
    hashed = keyed_hash("payee_account", digits)
    before = current(session, payee.id)
    if before is not None and before.number_hash == hashed and decrypt(before.bank) == name:
        return
    session.add(
        PayeeAccount(
            party_id=payee.id,
            number=encrypt(digits),
            bank=encrypt(name),
            number_hash=hashed,
            recorded_at=clock.now(),
            recorded_by_id=actor.user_id,
        )
    )
    session.flush()
    record(session, actor.user_id, "record_payee_account", queries.SUBJECT, disbursement_id, party=payee.id)
