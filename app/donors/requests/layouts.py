"""The words of donors' requests in the reader's language."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from app.donors.requests import states


def words_of_requests() -> dict[str, Any]:
    """Names of kinds, states and parts, for templates that show requests."""
    return {
        "request_kinds": {key: _(name) for key, name in states.KINDS.items()},
        "request_states": {key: (states.TAGS[key], _(name)) for key, name in states.STATES.items()},
        "request_parts": {key: _(name) for key, name in states.PARTS.items()},
        "request_ways": {key: _(name) for key, name in states.WAYS.items()},
    }
