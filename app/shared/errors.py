"""Typed refusals. A refusal carries a sentence in the source language and the values it speaks of.

The web and command-line edges translate the sentence; nothing below them knows the visitor's language.
"""

from __future__ import annotations

from typing import Any


def N_(sentence: str) -> str:
    """Mark a sentence for translation without translating it here."""
    return sentence


class SunledgerError(Exception):
    """A failure with a sentence for the person who caused or met it.

    ``sentence`` is the untranslated text with ``%(name)s`` places, ``values`` what belongs in them (text, numbers,
    ``Money``, dates), ``field`` the input it speaks of, if any.
    """

    status = 500

    def __init__(self, sentence: str, *, field: str | None = None, **values: Any) -> None:
        self.sentence = sentence
        self.field = field
        self.values = values
        super().__init__(sentence)

    def __str__(self) -> str:
        return self.sentence % self.values if self.values else self.sentence


class Refused(SunledgerError):
    """The request breaks a rule or is not valid input. Nothing was saved."""

    status = 422


class Conflict(SunledgerError):
    """Somebody else was first, or the thing is no longer in the state that the request assumed."""

    status = 409


class NotFound(SunledgerError):
    """There is no such thing, or the actor may not know of it."""

    status = 404


class Forbidden(SunledgerError):
    """The actor is known but may not do this."""

    status = 403


class InputRefused(Refused):
    """Several fields are wrong at once: one refusal for each, so that all show at the same time."""

    def __init__(self, refusals: list[Refused]) -> None:
        self.refusals = refusals
        super().__init__(refusals[0].sentence, field=refusals[0].field, **refusals[0].values)
