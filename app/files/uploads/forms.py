"""A file that waits to be confirmed: its form, and its address, signed for one person in one fund, for a day."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flask import current_app
from flask_babel import lazy_gettext as _
from itsdangerous import BadSignature, URLSafeTimedSerializer
from wtforms import BooleanField, HiddenField
from wtforms.validators import InputRequired

from app.files.operations import read_upload
from app.files.uploads.queries import KEPT_SECONDS, kept_upload
from app.settings import Settings
from app.shared.errors import N_, NotFound
from app.sheets.grid import MAX_FILE_BYTES
from app.web.access import office_fund, user
from app.web.forms import FileField, Form


class RegisterFileForm(Form):
    """A register as a file."""

    file = FileField(_("登记表文件"))

    def given(self) -> tuple[bytes, str] | None:
        """The bytes and the name of what was sent; None, with an error beside the field, for nothing."""
        if self.file.data is None or not self.file.data.filename:
            self.add_error("file", str(_("请选择文件")))
            return None
        name = self.file.data.filename.replace("\\", "/").rpartition("/")[2][:200]
        return read_upload(self.file.data.stream, MAX_FILE_BYTES), name


class ConfirmRegisterForm(Form):
    """The confirmation of a preview. ``plan`` tells whether the books are still those of the preview."""

    plan = HiddenField(validators=[InputRequired()])
    accept_good_rows = BooleanField(_("其余的行先记入，不能记入的行以后再补"))


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that waits for confirmation, as its signed address names it."""

    key: str
    file_name: str
    sha256: str
    title: str = ""
    pasted: bool = False


def uploads_folder() -> Path:
    """Where uploads wait."""
    settings: Settings = current_app.extensions["sunledger_settings"]
    return settings.data_dir / "uploads"


def _signer(kind: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt=f"upload: {kind}")


def _owner() -> list[int]:
    person = user()
    assert person is not None, "the gate let nobody in without a sign-in"
    return [person.user_id, office_fund().id]


def signed_address(kind: str, waiting: Upload) -> str:
    """The part of an address that names an upload of this person in this fund. ``kind`` says which import it is for."""
    content = [waiting.key, waiting.file_name, waiting.sha256, waiting.title, waiting.pasted, *_owner()]
    return str(_signer(kind).dumps(content))


def waiting_upload(kind: str, token: str) -> Upload:
    """The upload that an address of this person in this fund names. Raises NotFound for any other."""
    try:
        *content, user_id, fund_id = _signer(kind).loads(token, max_age=KEPT_SECONDS)
    except (BadSignature, ValueError, TypeError) as error:
        raise NotFound(N_("上传的文件只保留一天，请重新上传")) from error
    if [user_id, fund_id] != _owner():
        raise NotFound(N_("上传的文件只保留一天，请重新上传"))
    return Upload(*content)


def content_of(waiting: Upload) -> bytes:
    """The bytes. Raises NotFound when they are older than a day or were confirmed."""
    return kept_upload(uploads_folder(), waiting.key)
