"""Public photographs, made small for pages: /photos/<id>."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

from app.files.queries import public_file
from app.files.routes import send_small
from app.settings import Settings
from app.web.access import public
from app.web.database import session

blueprint = Blueprint("public_pictures", __name__)


@blueprint.get("/photos/<int:file_id>")
@public(cached=False)
def photo(file_id: int) -> Response:
    """A public picture of a record that anyone may read, at most 480 pixels long. NotFound for any other file."""
    settings: Settings = current_app.extensions["sunledger_settings"]
    return send_small(public_file(session(), file_id), settings.files_dir)
