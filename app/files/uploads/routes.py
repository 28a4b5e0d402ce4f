"""The pages by which a register comes in: send it, say what is unclear, look at what it would do, confirm."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from flask import Response, current_app, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.files.uploads.forms import (
    ConfirmRegisterForm,
    RegisterFileForm,
    Upload,
    content_of,
    signed_address,
    uploads_folder,
    waiting_upload,
)
from app.files.uploads.operations import forget_upload, keep_upload
from app.settings import Settings
from app.shared.errors import N_, Conflict, NotFound, Refused
from app.sheets.choosing import NOT_USED, chosen_twice, column_choices, columns_answered, mapping_of
from app.sheets.grid import MAX_FILE_BYTES
from app.sheets.headings import Field
from app.sheets.opening import OpenedRegister
from app.web.database import transaction
from app.web.i18n import translated
from app.web.pages import done, page


class Preview(Protocol):
    """What a register would do."""

    @property
    def opened(self) -> OpenedRegister: ...
    @property
    def question(self) -> str: ...
    @property
    def digest(self) -> str: ...


P = TypeVar("P", bound=Preview)
F = TypeVar("F", bound=ConfirmRegisterForm)


@dataclass(frozen=True, slots=True)
class Given:
    """A register that was sent, and what the address answers about it. ``answers`` are those of the import's own."""

    content: bytes
    file_name: str
    mapping: Mapping[str, str]
    sheet: str | None
    answers: Mapping[str, str]

    def by_row(self, kind: str) -> dict[str, str]:
        """The answers called ``kind-<row>``, by row; blank ones left out."""
        return {
            name.removeprefix(f"{kind}-"): value.strip()
            for name, value in self.answers.items()
            if name.startswith(f"{kind}-") and value.strip()
        }


@dataclass(frozen=True, slots=True)
class CheckPage:
    """Where the forms of a preview send to, and what was wrong with an answer."""

    action: str
    confirm_url: str
    columns_url: str
    kept: list[tuple[str, str]]
    message: str | None


@dataclass(frozen=True, slots=True)
class RegisterPages(Generic[P, F]):
    """The pages of one kind of register. Routes hand them their address; the gate is theirs.

    ``read`` reads against the books, ``show`` prints the preview, ``record`` records it inside the transaction in which it
    was read and returns where to go on and what to say; ``became`` says where a file that is in already can be seen.
    """

    kind: str
    heading: str
    hint: str
    crumbs: Callable[[], list[tuple[str, str]]]
    upload_endpoint: str
    check_endpoint: str
    fields: Sequence[Field]
    field_texts: Mapping[str, str]
    navigation: str
    form: type[F]
    read: Callable[[Given], P]
    show: Callable[[P, F, CheckPage], Response]
    record: Callable[[Session, P, F, Path], tuple[str, str]]
    became: Callable[[str], str | None]

    def upload(self) -> Response:
        """Send a register in. What is none is refused here, beside the field; nothing is recorded yet."""
        form = RegisterFileForm()
        if form.validate_on_submit():
            sent = form.given()
            if sent is not None:
                content, file_name = sent
                try:
                    preview = self.read(Given(content, file_name, {}, None, {}))
                    waiting = Upload(keep_upload(uploads_folder(), content), file_name, preview.opened.sha256)
                    return done(url_for(self.check_endpoint, upload=signed_address(self.kind, waiting)))
                except (Refused, Conflict) as refusal:
                    refusal.field = "file"
                    form.show_refusal(refusal)
        return page(
            "uploads/upload.html",
            form=form,
            heading=_(self.heading),
            hint=_(self.hint),
            crumbs=self.crumbs(),
            max_bytes=MAX_FILE_BYTES,
            nav_current=self.navigation,
        )

    def check(self, token: str) -> Response:
        """What importing the file would do. A GET answers questions in the address; a POST confirms."""
        waiting = waiting_upload(self.kind, token)
        form = self.form()
        try:
            given = self._given(waiting)
            if form.validate_on_submit():
                with form.refusals_shown():
                    address, message = self._confirmed(given, form)
                    forget_upload(uploads_folder(), waiting.key)
                    return done(address, message)
            preview, wrong = self._read(given)
        except (NotFound, Conflict):
            # A second click, or somebody else was faster.
            address_of_it = self.became(waiting.sha256)
            if address_of_it is None:
                raise
            return done(address_of_it, _("这份文件已经导入，没有重复记入"))
        return self._page(preview, form, token, wrong)

    def _given(self, waiting: Upload) -> Given:
        columns = columns_answered(request.args, self.fields)
        mapping = {} if chosen_twice(columns) else mapping_of(columns)
        sheet = request.args.get("sheet") or None
        return Given(content_of(waiting), waiting.file_name, mapping, sheet, request.args)

    def _confirmed(self, given: Given, form: F) -> tuple[str, str]:
        """Read again inside the transaction, and record only what the person saw."""
        settings: Settings = current_app.extensions["sunledger_settings"]
        with transaction(books=True) as writing:
            preview = self.read(given)
            if preview.digest != form.plan.data:
                raise Refused(N_("登记表或账目刚刚变动，请看过下面的内容后再确认"))
            return self.record(writing, preview, form, settings.files_dir)

    def _read(self, given: Given) -> tuple[P, str | None]:
        """The preview; when an answer does not fit, the preview without the answers, and what was wrong."""
        try:
            return self.read(given), None
        except Refused as refusal:
            if not given.answers:
                raise
            plain = Given(given.content, given.file_name, {}, None, {})
            return self.read(plain), translated(refusal)

    def _page(self, preview: P, form: F, token: str, wrong: str | None) -> Response:
        action = url_for(self.check_endpoint, upload=token)
        common: dict[str, Any] = {
            "preview": preview,
            "action": action,
            "message": wrong,
            "crumbs": self.crumbs(),
            "back_url": url_for(self.upload_endpoint),
            "nav_current": self.navigation,
        }
        if preview.question == "sheet":
            return page(
                "uploads/sheet.html",
                file_name=preview.opened.file_name,
                sheet_names=preview.opened.sheet_names,
                **common,
            )
        answered = columns_answered(request.args, self.fields)
        twice = chosen_twice(answered)
        if preview.question == "headings" or twice or request.args.get("ask") == "columns":
            match = preview.opened.match
            return page(
                "uploads/columns.html",
                match=match,
                columns=column_choices(match, preview.opened.first_cells, answered),
                fields=[(item.key, _(self.field_texts[item.key])) for item in self.fields],
                required=[_(self.field_texts[item.key]) for item in self.fields if item.required],
                missing=[_(self.field_texts[item.key]) for item in match.missing] if match else [],
                unused_hint=_("不用的列选“不用这一列”。"),
                twice=[_(self.field_texts[key]) for key in twice],
                not_used=NOT_USED,
                kept=self._kept("column-", "ask"),
                **common,
            )
        form.plan.data = preview.digest
        asked: dict[str, Any] = {**request.args.to_dict(), "ask": "columns", "upload": token}
        confirm_url = request.full_path if request.query_string else request.path
        return self.show(
            preview,
            form,
            CheckPage(action, confirm_url, url_for(self.check_endpoint, **asked), self._kept(), wrong),
        )

    @staticmethod
    def _kept(*but: str) -> list[tuple[str, str]]:
        """The answers about columns and sheet in the address, which a form on the page sends on unchanged."""
        kept = [
            (name, value)
            for name, value in request.args.items()
            if name.startswith("column-") or name == "sheet"
        ]
        return [one for one in kept if not but or not one[0].startswith(but)]
