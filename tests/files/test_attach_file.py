"""Keeping files: by what they are, not by what they are called."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable

import pytest
from openpyxl import Workbook
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.files import queries, rules
from app.files.models import Attachment
from app.files.operations import attach_file
from app.files.rules import (
    CSV,
    DOCX,
    JPEG,
    MAX_BYTES,
    PDF,
    PICTURES,
    PNG,
    TEXT,
    XLS,
    XLSX,
    media_type_of,
    plain_name,
)
from app.settings import Settings
from app.shared.audit import AuditEvent
from app.shared.db import transaction
from app.shared.errors import NotFound, Refused
from tests.disbursements import scenes
from tests.factories import actor
from tests.files import pictures
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
A_PDF = b"%PDF-1.7\n..."
A_PNG = pictures.png()


def _xlsx() -> bytes:
    stream = io.BytesIO()
    Workbook().save(stream)
    return stream.getvalue()


def _zip(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (A_PDF, "x.exe", PDF),
        (A_PNG, "x.pdf", PNG),
        (b"\xff\xd8\xff\xe0rest", "x", JPEG),
        (_xlsx(), "x.csv", XLSX),
        (_zip("[Content_Types].xml", "word/document.xml"), "x", DOCX),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le"), "表.et", XLS),
        ("日期,金额\n".encode(), "x.csv", CSV),
        ("日期,金额\n".encode("gb18030"), "x.CSV", CSV),
        ("说明".encode(), "x.exe", TEXT),
        (b"MZ\x90\x00\x03", "发票.pdf", None),
        (_zip("evil.exe"), "x.xlsx", None),
        (b"PK\x03\x04 no archive", "x.xlsx", None),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1nothing known", "x.xls", None),
        (b"a\x1b[31mred", "x.txt", None),
        (b"\x80\x81\xff\xfe\xfa", "x.txt", None),
    ],
)
def test_kind_is_told_by_content(content: bytes, name: str, kind: str | None) -> None:
    assert media_type_of(content, name) == kind


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("C:\\Users\\me\\回单.pdf", "回单.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("回单.exe", "回单.exe.pdf"),
        ("回单", "回单.pdf"),
        ("a\x00b\u202efdp.pdf", "abfdp.pdf"),
        ("", "file.pdf"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_name_loses_folders_and_tricks_and_ends_as_its_content_says(given: str, kept: str) -> None:
    assert plain_name(given, PDF) == kept


def _attach(
    session: Session, settings: Settings, content: bytes, name: str = "回单.pdf", **more: object
) -> int:
    disbursement = scenes.drafted(session)
    with transaction(session, books=True):
        return attach_file(
            session,
            actor(session, "secretary"),
            settings.files_dir,
            subject_type="disbursement",
            subject_id=disbursement,
            purpose="attachment",
            name=name,
            content=content,
            **more,  # type: ignore[arg-type]
        ).id


def test_bytes_lie_under_their_digest_once(session: Session, settings: Settings) -> None:
    first, second = _attach(session, settings, A_PDF), _attach(session, settings, A_PDF, "另一份.pdf")
    digest = hashlib.sha256(A_PDF).hexdigest()
    path = queries.path_of(settings.files_dir, digest)
    assert path.read_bytes() == A_PDF
    assert [each for each in settings.files_dir.rglob("*") if each.is_file()] == [path]
    rows = session.scalars(select(Attachment).order_by(Attachment.id)).all()
    assert [(row.id, row.sha256, row.size, row.name) for row in rows] == [
        (first, digest, len(A_PDF), "回单.pdf"),
        (second, digest, len(A_PDF), "另一份.pdf"),
    ]
    assert "attach_file" in session.scalars(select(AuditEvent.action)).all()


@pytest.mark.parametrize(
    ("content", "kinds", "sentence"),
    [
        (b"", None, "文件“%(name)s”是空的"),
        (b"%PDF-" + b"x" * MAX_BYTES, None, "文件“%(name)s”太大，最多 %(limit)s MB"),
        (b"MZ\x90\x00", None, "不能接受文件“%(name)s”：按内容判断，它不是这里可用的文件类型"),
        (A_PDF, PICTURES, "不能接受文件“%(name)s”：按内容判断，它不是这里可用的文件类型"),
        (b"\x89PNG\r\n\x1a\n....", None, "图片“%(name)s”打不开或不完整，请重新拍照或导出"),
        (
            _zip("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"),
            None,
            "文件“%(name)s”带有宏，不能接受；请另存为不带宏的格式或 PDF",
        ),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook_VBA_PROJECT".encode("utf-16-le"),
            None,
            "文件“%(name)s”带有宏，不能接受；请另存为不带宏的格式或 PDF",
        ),
    ],
)
def test_what_cannot_be_kept_is_refused_and_leaves_nothing(
    session: Session, settings: Settings, content: bytes, kinds: frozenset[str] | None, sentence: str
) -> None:
    with pytest.raises(Refused) as refusal:
        _attach(session, settings, content, kinds=kinds, field="slip")
    assert (refusal.value.sentence, refusal.value.field) == (sentence, "slip")
    assert session.scalars(select(Attachment)).all() == []
    assert [each for each in settings.files_dir.rglob("*") if each.is_file()] == []


@pytest.mark.parametrize(("orientation", "size"), [(1, (40, 30)), (6, (30, 40))])
def test_photograph_is_kept_upright_without_place_and_camera(
    session: Session, settings: Settings, orientation: int, size: tuple[int, int]
) -> None:
    taken = pictures.photograph(orientation)
    assert b"Huawei" in taken
    kept = session.get_one(Attachment, _attach(session, settings, taken, "现场.jpg"))
    content = queries.path_of(settings.files_dir, kept.sha256).read_bytes()
    assert len(content) == kept.size
    with Image.open(io.BytesIO(content)) as picture:
        assert (picture.format, picture.size) == ("JPEG", size)
        assert dict(picture.getexif()) == {}
    for hidden in (b"Huawei", b"by the river", b"<script>"):
        assert hidden not in content


def test_reader_of_the_record_gets_the_file_and_nothing_in_it_runs(
    visit: Visit, session: Session, settings: Settings
) -> None:
    file_id = _attach(session, settings, A_PDF)
    seen = visit("supervisor").get(f"/office/files/{file_id}")
    assert (seen.status, seen.content) == (200, A_PDF)
    assert seen.headers["Content-Type"] == PDF
    assert seen.headers["Content-Disposition"].startswith("attachment")
    assert "%E5%9B%9E%E5%8D%95.pdf" in seen.headers["Content-Disposition"]
    assert "sandbox" in seen.headers["Content-Security-Policy"]
    assert seen.headers["Cache-Control"] == "private, no-cache"


def test_nobody_else_learns_whether_it_exists(visit: Visit, session: Session, settings: Settings) -> None:
    file_id = _attach(session, settings, A_PDF)
    stranger = visit("administrator")
    for number in (file_id, 999_999):
        assert stranger.get(f"/office/files/{number}").status == 404
    assert visit().get(f"/office/files/{file_id}").status == 302


def test_internal_file_is_never_public(
    session: Session, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    internal = _attach(session, settings, A_PDF)
    shown = _attach(session, settings, A_PNG, "照片.png", is_public=True)
    # A record that is not public has no public file, whatever the file says.
    with pytest.raises(NotFound):
        queries.public_file(session, shown)
    monkeypatch.setattr(rules, "_open_records", {"disbursement": lambda _session, _subject: True})
    assert queries.public_file(session, shown).name == "照片.png"
    with pytest.raises(NotFound):
        queries.public_file(session, internal)


@pytest.mark.parametrize(
    ("size", "text"), [(1, "PDF · 1 KB"), (119_900, "PDF · 119 KB"), (2_400_000, "PDF · 2.4 MB")]
)
def test_size_is_told_as_people_read_it(session: Session, settings: Settings, size: int, text: str) -> None:
    file_id = _attach(session, settings, A_PDF)
    row = session.get_one(Attachment, file_id)
    row.size = size
    assert queries._row(row).size_text == text
    session.rollback()
