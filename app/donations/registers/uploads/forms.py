"""The address of an upload that waits: signed, for one person in one fund, for a day."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer

from app.donations.registers import queries
from app.donations.registers.rules import AlreadyImported
from app.donations.registers.uploads.queries import KEPT_SECONDS, kept_upload
from app.settings import Settings
from app.shared.errors import N_, NotFound
from app.web.access import office_fund, user
from app.web.database import session


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that waits for confirmation, as its signed address names it."""

    key: str
    file_name: str
    sha256: str
    title: str
    pasted: bool


def uploads_folder() -> Path:
    """Where uploads wait."""
    settings: Settings = current_app.extensions["sunledger_settings"]
    return settings.data_dir / "uploads"


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="gift register")


def _owner() -> list[int]:
    person = user()
    assert person is not None, "the gate let nobody in without a sign-in"
    return [person.user_id, office_fund().id]


def signed_address(waiting: Upload) -> str:
    """The part of an address that names an upload of this person in this fund."""
    content = [waiting.key, waiting.file_name, waiting.sha256, waiting.title, waiting.pasted, *_owner()]
    return str(_signer().dumps(content))


def waiting_upload(token: str) -> Upload:
    """The upload that an address of this person in this fund names. Raises NotFound for any other."""
    try:
        *content, user_id, fund_id = _signer().loads(token, max_age=KEPT_SECONDS)
    except (BadSignature, ValueError, TypeError) as error:
        raise NotFound(N_("上传的文件只保留一天，请重新上传")) from error
    if [user_id, fund_id] != _owner():
        raise NotFound(N_("上传的文件只保留一天，请重新上传"))
    return Upload(*content)


def content_of(waiting: Upload) -> bytes:
    """The bytes; AlreadyImported when they are gone because they were confirmed."""
    try:
        return kept_upload(uploads_folder(), waiting.key)
    except NotFound:
        known = queries.file_with(session(), office_fund().id, waiting.sha256)
        if known is None:
            raise
        raise AlreadyImported(N_("这份文件已经导入过"), known.register_id) from None
