"""The press sees our fonts and what is on the page, and nothing else."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pikepdf
import pytest

from app.documents import pdf
from app.documents.pdf import NotPrinted, print_document, require_fonts
from app.settings import ROOT, SettingsError


def page(body: str) -> str:
    return f'<!doctype html><html lang="zh-Hans"><head><title>t</title></head><body>{body}</body></html>'


def print_pages(folder: Path, *bodies: str) -> Path:
    target = folder / "out.pdf"
    numbers = page(pdf.PAGE_MARK).replace("<head>", "<head><style>.sheet{break-after:page}</style>")
    print_document([page(body) for body in bodies], numbers, target, folder / "cache", 0)
    return target


def text_of(path: Path) -> str:
    return subprocess.run(["pdftotext", str(path), "-"], check=True, capture_output=True, text=True).stdout


def test_rare_characters_of_names_are_printed(tmp_path: Path) -> None:
    assert "䶮𬭚㛃㑇" in text_of(print_pages(tmp_path, "<p>䶮𬭚㛃㑇</p>"))


def test_files_and_addresses_are_never_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("a secret of the server")
    picture = tmp_path / "secret.svg"
    picture.write_text('<svg xmlns="http://www.w3.org/2000/svg"><text>a secret of the server</text></svg>')
    path = print_pages(
        tmp_path,
        f'<p>seen</p><link rel="attachment" href="{secret.as_uri()}"><a rel="attachment" href="{secret.as_uri()}">x</a>'
        f'<img src="{picture.as_uri()}"><object data="{picture.as_uri()}"></object><style>@import url("{secret.as_uri()}");'
        f'body{{background:url({picture.as_uri()})}}</style><img src="http://127.0.0.1:9/x.png">',
    )
    assert "seen" in text_of(path)
    assert "secret" not in text_of(path)
    with pikepdf.open(path) as file:
        assert not file.attachments
        assert b"a secret of the server" not in b"".join(
            each.read_bytes() for each in file.objects if isinstance(each, pikepdf.Stream)
        )


def test_failure_is_a_sentence_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "SECONDS_FOR_A_PART", 0)
    with pytest.raises(NotPrinted) as refusal:
        print_pages(tmp_path, "<p>x</p>")
    assert refusal.value.status == 503
    assert [path.name for path in tmp_path.iterdir() if path.name != "cache"] == []


def test_page_that_cannot_be_read_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "numbered_pages", lambda html, total: page("one page only"))
    with pytest.raises(NotPrinted, match="not one page number for each page"):
        print_pages(tmp_path, "<p>x</p>", "<p>y</p>", "<p>z</p>")


def test_parts_become_one_file_in_their_order(tmp_path: Path) -> None:
    path = print_pages(tmp_path, *(f"<p>part {index}</p>" for index in range(5)))
    assert text_of(path).split("\f")[:5] == [f"part {index}\n\n" for index in range(5)]


def test_fonts_are_complete() -> None:
    require_fonts()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("missing", "are not those of fonts.json"),
        ("more", "are not those of fonts.json"),
        ("double", "the same family"),
    ],
)
def test_wrong_fonts_stop_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str, sentence: str
) -> None:
    recorded = json.loads((pdf.FONTS / "fonts.json").read_text())
    (tmp_path / "pdf").mkdir()
    if change == "double":
        recorded.append({**recorded[0], "path": "pdf/other.ttf"})
    for font in recorded[1:] if change == "missing" else recorded:
        (tmp_path / font["path"]).touch()
    if change == "more":
        (tmp_path / "pdf" / "stray.otf").touch()
    (tmp_path / "fonts.json").write_text(json.dumps(recorded))
    monkeypatch.setattr(pdf, "FONTS", tmp_path)
    with pytest.raises(SettingsError, match=sentence):
        require_fonts()


def test_tokens_of_paper_are_those_of_the_site() -> None:
    token = re.compile(r"--(ink|muted|rule|rule-strong|sun|sun-ink|sun-wash|in|out|stop): (#[0-9a-f]{6});")
    site = dict(token.findall((ROOT / "static/css/site.css").read_text().split("@media", 1)[0]))
    paper = dict(token.findall((ROOT / "templates/pdf/document.css").read_text()))
    assert len(paper) == 10
    assert paper == site
