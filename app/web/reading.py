"""Who was shown personal data: one row for each page or file of a view that its marker calls personal.

The row is written when the answer has been sent, in a transaction of its own: no page waits for it or fails because of it. What
cannot be written is said in the log of the service, with all that the row would have held.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Flask, Response, g, request
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.shared import clock
from app.shared import db as shared_db
from app.shared.audit import PersonalReading
from app.web import access
from app.web.database import db

log = logging.getLogger(__name__)

# Answers that show the page: also a form that came back, and a page that the browser holds already.
_SHOWN = frozenset({200, 206, 304, 409, 422})


def install(app: Flask) -> None:
    """Note every answer of a personal view."""
    app.after_request(_note)


def _note(response: Response) -> Response:
    marker: access.Access | None = g.get("access")
    if marker is None or not marker.personal or response.status_code not in _SHOWN:
        return response
    person = access.user()
    if person is not None:
        fund = g.get("office_fund")
        kind, number = _subject()
        reading = PersonalReading(
            at=clock.now(),
            reader_id=person.user_id,
            fund_id=fund.id if fund else None,
            endpoint=request.endpoint or "",
            subject_type=kind,
            subject_id=number,
        )
        response.call_on_close(_writer(db.engine, reading))
    return response


def _subject() -> tuple[str, int | None]:
    """The record that the address names, by its table: /office/donations/7 is ("donation", 7)."""
    for name, value in (request.view_args or {}).items():
        if isinstance(value, int):
            return name.removesuffix("_id"), value
    return "", None


def _writer(engine: Engine, reading: PersonalReading) -> Callable[[], None]:
    words = f"{reading.reader_id} {reading.endpoint} {reading.subject_type} {reading.subject_id}"

    def write() -> None:
        try:
            with Session(engine) as session, shared_db.transaction(session):
                session.add(reading)
        except SQLAlchemyError:
            log.exception("a reading of personal data could not be recorded: %s", words)

    return write
