"""Files for the office."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, current_app, request, send_file

from app.files import queries
from app.files.rules import PICTURES
from app.settings import Settings
from app.shared.errors import N_, NotFound
from app.shared.permissions import Permission
from app.web.access import actor, requires
from app.web.database import session

blueprint = Blueprint("files", __name__, url_prefix="/office/files")


@blueprint.get("/<int:file_id>")
@requires(Permission.OFFICE_ENTER, personal=True)
def download(file_id: int) -> Response:
    """A file of a record that the person may read."""
    return send_attachment(queries.readable_file(session(), actor(), file_id))


@blueprint.get("/<int:file_id>/small")
@requires(Permission.OFFICE_ENTER, personal=True)
def small(file_id: int) -> Response:
    """A picture of a record that the person may read, made small for a telephone. NotFound for anything but a picture."""
    settings: Settings = current_app.extensions["sunledger_settings"]
    return send_small(queries.readable_file(session(), actor(), file_id), settings.files_dir)


def send_small(file: queries.FileRow, folder: Path) -> Response:
    """A picture made small; asked again, only that it is the same. Raises NotFound for anything but a picture."""
    answer = Response(mimetype="image/jpeg")
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.set_etag(f"{file.sha256}-small")
    if request.if_none_match.contains(f"{file.sha256}-small"):
        return answer.make_conditional(request)  # type: ignore[return-value]
    content = None
    if file.media_type in PICTURES:
        content = queries.small_picture(queries.path_of(folder, file.sha256))
    if content is None:
        raise NotFound(N_("没有这个文件"))
    answer.set_data(content)
    return answer


def send_attachment(file: queries.FileRow) -> Response:
    """The bytes of an attachment. Never a page of ours: only pictures are shown, and nothing in it runs."""
    settings: Settings = current_app.extensions["sunledger_settings"]
    answer = send_file(
        queries.path_of(settings.files_dir, file.sha256),
        mimetype=file.media_type,
        as_attachment=file.media_type not in PICTURES,
        download_name=file.name,
        etag=file.sha256,
        conditional=True,
        max_age=0,
    )
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer
