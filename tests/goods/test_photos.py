"""Photographs of goods: anybody sees them, small, without the place that a telephone writes into them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.files.models import Attachment
from app.files.queries import files_of
from app.goods.models import GoodsLine
from app.goods.operations import attach_photo
from app.goods.queries import photos_of
from app.goods.rules import MOST_PHOTOS
from app.log.queries import latest_version
from app.settings import Settings
from app.shared.db import transaction
from app.shared.errors import Forbidden, Refused
from tests.donations.gifts import give_goods
from tests.factories import actor
from tests.files.pictures import photograph, png
from tests.visitor import Visitor

Visit = Callable[..., Visitor]


def _line(session: Session) -> int:
    give_goods(session)
    return session.scalars(select(GoodsLine.id).where(GoodsLine.item == "馕")).one()


def _attach(session: Session, folder: Path, line_id: int, content: bytes, who: str = "secretary") -> int:
    with transaction(session, books=True):
        kept = attach_photo(session, actor(session, who), folder, line_id, name="馕.jpg", content=content)
        return kept.id


def test_a_photograph_is_public_and_in_the_log(visit: Visit, session: Session, settings: Settings) -> None:
    line_id = _line(session)
    assert photos_of(session, [line_id]) == {}
    first = _attach(session, settings.files_dir, line_id, png())
    latest = _attach(session, settings.files_dir, line_id, photograph())
    assert photos_of(session, [line_id])[line_id].id == latest
    assert latest_version(session, "file", first) == latest_version(session, "file", latest) == 1
    seen = visit().get(f"/photos/{latest}")
    assert (seen.status, seen.response.mimetype) == (200, "image/jpeg")
    assert b"Huawei" not in seen.content
    assert b"river" not in seen.content
    again = visit().get(f"/photos/{latest}", If_None_Match=seen.response.headers["ETag"])
    assert (again.status, again.content) == (304, b"")


def test_a_file_that_is_not_public_has_no_photograph(
    visit: Visit, session: Session, settings: Settings
) -> None:
    line_id = _line(session)
    kept = _attach(session, settings.files_dir, line_id, png())
    with transaction(session, books=True):
        session.get_one(Attachment, kept).is_public = False
    assert visit().get(f"/photos/{kept}").status == 404
    assert photos_of(session, [line_id]) == {}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"%PDF-1.4 paper", "不是"), (b"\xff\xd8\xff nothing", "图片"), (b"", "空")],
    ids=["a PDF", "no whole picture", "empty"],
)
def test_what_is_no_picture_is_refused(
    session: Session, settings: Settings, content: bytes, sentence: str
) -> None:
    line_id = _line(session)
    with pytest.raises(Refused) as refused:
        _attach(session, settings.files_dir, line_id, content)
    assert refused.value.field == "photo"
    assert sentence in refused.value.sentence
    assert photos_of(session, [line_id]) == {}


def test_photographs_are_bound_in_number_and_by_office(session: Session, settings: Settings) -> None:
    line_id = _line(session)
    with pytest.raises(Forbidden):
        _attach(session, settings.files_dir, line_id, png(), "cashier")
    for width in range(1, MOST_PHOTOS + 1):
        _attach(session, settings.files_dir, line_id, png(width))
    with pytest.raises(Refused):
        _attach(session, settings.files_dir, line_id, png(MOST_PHOTOS + 1))


def test_the_same_photograph_sent_twice_is_one(session: Session, settings: Settings) -> None:
    line_id = _line(session)
    first = _attach(session, settings.files_dir, line_id, photograph())
    assert _attach(session, settings.files_dir, line_id, photograph()) == first
    assert [file.id for file in files_of(session, "goods_line", line_id)] == [first]
