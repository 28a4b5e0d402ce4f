"""Attachments as a telephone shows them: pictures small and without place, PDFs with their pages."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pikepdf
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.disbursements.operations import attach_papers
from app.files.models import Attachment
from app.files.queries import SMALL_EDGE, small_picture
from app.settings import Settings
from app.shared.db import transaction
from tests.disbursements import scenes
from tests.factories import actor
from tests.visitor import Visitor

GPS = 0x8825


def _photograph() -> bytes:
    """As a telephone takes it: on its side, with the place."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(GPS)[1] = "N"
    written = io.BytesIO()
    Image.new("RGB", (1600, 1200), "#c8b090").save(written, "JPEG", exif=exif)
    return written.getvalue()


def _pdf(pages: int) -> bytes:
    document, written = pikepdf.new(), io.BytesIO()
    for _ in range(pages):
        document.add_blank_page()
    document.save(written)
    return written.getvalue()


def test_small_picture_is_upright_and_tells_no_place(tmp_path: Path) -> None:
    path = tmp_path / "photograph"
    path.write_bytes(_photograph())
    content = small_picture(path)
    assert content is not None
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.size == (SMALL_EDGE * 3 // 4, SMALL_EDGE)
        assert not picture.getexif()


def test_what_only_looks_like_a_picture_has_no_small_one(tmp_path: Path) -> None:
    path = tmp_path / "broken"
    for content in (b"\x89PNG\r\n\x1a\n nothing", b"\xff\xd8\xff nothing", b"%PDF-1.4", b""):
        path.write_bytes(content)
        assert small_picture(path) is None


def test_member_sees_pictures_and_pages_on_the_request(
    visit: Callable[..., Visitor], session: Session, settings: Settings
) -> None:
    found = scenes.drafted(session)
    papers = [("报价.pdf", _pdf(3)), ("坏.pdf", scenes.PDF), ("仓库.jpg", _photograph())]
    with transaction(session, books=True):
        attach_papers(session, actor(session, "secretary"), settings.files_dir, found, papers)
    member = visit("council")
    page = member.get(f"/office/disbursements/{found}")
    assert "· 3 页" in page.words
    assert page.words.count(" 页") == 1
    (address,) = page.tree.xpath("//main//img/@src")
    picture = member.get(str(address))
    assert (picture.status, picture.response.mimetype) == (200, "image/jpeg")
    assert picture.headers["Cache-Control"] == "private, no-cache"
    again = member.get(str(address), If_None_Match=picture.headers["ETag"])
    assert again.status == 304
    session.rollback()
    for file_id in session.scalars(select(Attachment.id).where(Attachment.media_type == "application/pdf")):
        assert member.get(f"/office/files/{file_id}/small").status == 404
    assert visit().get(str(address)).status == 302
    assert visit("administrator").get(str(address)).status == 404
