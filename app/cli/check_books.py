"""`sunledger check-books`."""

from __future__ import annotations

import click

from app.cli import settings
from app.settings import NotReady
from app.shared.checks import Check


@click.command()
def check_books() -> int:
    """Recompute everything from postings and leaves; print each invariant and its result."""
    from sqlalchemy import inspect
    from sqlalchemy.orm import Session

    from app.council.checks import check_council
    from app.council.consents.checks import check_consents
    from app.council.interests.checks import check_interests
    from app.council.issuing.checks import check_issues
    from app.council.meetings.checks import check_meetings
    from app.council.motions.checks import check_motions
    from app.council.notice.checks import check_notices
    from app.council.repurposing.checks import check_changes_of_purpose
    from app.disbursements.checks import check_disbursements
    from app.disbursements.proof.checks import check_proofs
    from app.documents.checks import check_documents
    from app.donations.fiscal.checks import check_fiscal_receipts
    from app.donations.returning.checks import check_returns
    from app.files.checks import check_files
    from app.funds.checks import check_funds
    from app.goods.checks import check_goods
    from app.goods.counting.checks import check_counts
    from app.ledger.checks import check_ledger
    from app.log.checks import check_log, check_published
    from app.people.checks import check_people
    from app.sales.auction.checks import check_auctions
    from app.sales.checks import check_sales
    from app.shared import encryption, guards
    from app.web import schema
    from app.web.database import open_engine

    schema.load_models()
    encryption.use_key(settings().data_key())
    engine = open_engine(settings())
    try:
        # Not `schema.problem`: a missing guard is to be named below, beside what was done behind it.
        if not inspect(engine).has_table("entry_seal"):
            raise NotReady("The database is not set up; run `sunledger init`.")
        with Session(engine) as session:
            guarded = Check("guards_are_installed", guards.count(session.connection()))
            for name in guards.missing(session.connection()):
                guarded.broken(f"the guard {name} is missing or has been altered")
            checks = [
                guarded,
                *check_ledger(session),
                *check_log(session),
                check_published(session, settings().log_key_file),
                *check_funds(session),
                *check_people(session),
                *check_goods(session),
                *check_counts(session),
                *check_sales(session),
                *check_auctions(session),
                *check_council(session),
                *check_meetings(session),
                *check_interests(session),
                *check_motions(session),
                *check_issues(session),
                *check_changes_of_purpose(session),
                *check_returns(session),
                *check_notices(session),
                *check_consents(session),
                *check_disbursements(session),
                *check_proofs(session),
                *check_fiscal_receipts(session),
                *check_files(session),
                *check_documents(session),
            ]
    finally:
        engine.dispose()
    return told(checks)


def told(checks: list[Check]) -> int:
    """Print each invariant and its result; 1 when any is broken."""
    for check in checks:
        click.echo(f"{'ok  ' if check.holds else 'FAIL'} {check.name} ({check.examined})")
        for problem in check.problems:
            click.echo(f"     {problem}")
        if check.problem_count > len(check.problems):
            click.echo(f"     … and {check.problem_count - len(check.problems)} more")
    broken = [check for check in checks if not check.holds]
    if broken:
        click.echo(f"{len(broken)} of {len(checks)} invariants are broken.", err=True)
        return 1
    click.echo(f"All {len(checks)} invariants hold.")
    return 0
