"""`sunledger generate`."""

from __future__ import annotations

import time

import click

from app.cli import open_session, settings


@click.command()
@click.option("--gifts", "gift_count", type=click.IntRange(0, 20_000_000), required=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "--disbursements", "disbursement_count", type=click.IntRange(0, 1_000_000), default=0, show_default=True
)
def generate(gift_count: int, seed: int, disbursement_count: int) -> None:
    """Make a synthetic fund through the real operations, for measuring. Not for an installation with real records."""
    from app.synthetic.operations import NOTICE
    from app.synthetic.operations import generate as run

    times: list[float] = []

    def progress(made: int) -> None:
        times.append(time.perf_counter())
        if made and made % 50_000 == 0:
            click.echo(f"{made:,} gifts, {made / (times[-1] - times[0]):,.0f} a second", err=True)

    with open_session() as session:
        run(
            session,
            settings().files_dir,
            gift_count=gift_count,
            disbursement_count=disbursement_count,
            seed=seed,
            progress=progress,
        )
    click.echo(NOTICE)
    rate = gift_count / max(times[-1] - times[0], 1e-9)
    click.echo(f"{gift_count:,} gifts recorded, {rate:,.0f} a second; {disbursement_count:,} disbursements.")
