"""The office's register, and ways to read and import one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.donations.registers.importing import read_donations
from app.donations.registers.operations import ImportedDonations, import_donations
from app.donations.registers.rules import DonationPreview
from app.funds.queries import only_fund
from app.settings import Settings
from app.shared import clock
from app.shared.db import transaction
from tests import factories

EXAMPLE = Path(__file__).parents[3] / "app" / "example" / "jinlong-2023" / "捐赠登记表.xlsx"
ROAD = "金龙体育馆门前破损路面修缮"
ANSWERS: dict[str, Any] = {"splits": {"7": "even"}, "earmarks": {ROAD: "road"}}

Read = Callable[..., DonationPreview]
Import = Callable[..., ImportedDonations]


@pytest.fixture
def example() -> bytes:
    """The register of the example fund, as the office keeps it."""
    return EXAMPLE.read_bytes()


@pytest.fixture
def read(session: Session) -> Read:
    """Return `read(content, name="登记表.xlsx", **answers)`: the preview of a register."""

    def preview(content: bytes, name: str = "登记表.xlsx", **answers: Any) -> DonationPreview:
        return read_donations(
            session, only_fund(session, None), content, name, today=clock.today(), **answers
        )

    return preview


@pytest.fixture
def imported(session: Session, settings: Settings, read: Read) -> Import:
    """Return `imported(content, name, who="secretary", **answers)`: read and record in one transaction."""

    def record(
        content: bytes,
        name: str = "登记表.xlsx",
        *,
        who: str = "secretary",
        accept_good_rows: bool = False,
        corrections: Any = None,
        **answers: Any,
    ) -> ImportedDonations:
        actor = factories.actor(session, who)
        with transaction(session, books=True):
            return import_donations(
                session,
                actor,
                read(content, name, **answers),
                files_dir=settings.files_dir,
                accept_good_rows=accept_good_rows,
                corrections=corrections,
            )

    return record
