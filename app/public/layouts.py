"""How the public reads who sits on a council: by seat, with a name only where it may stand."""

from __future__ import annotations

from flask_babel import gettext as _

from app.web.i18n import locale

CHOICES_SHOWN = {"approve": "for", "reject": "against", "abstain": "abstained", "recuse": "recused"}
"""The mark of a vote by its choice."""
_DIGITS = "零一二三四五六七八九"


def seat_name(number: int) -> str:
    """A council member as the public reads it: the seat, never the name."""
    if locale() == "en" or number > 99:
        return str(_("理事%(seat)s", seat=number))
    tens, ones = divmod(number, 10)
    words = ("" if tens == 0 else "十" if tens == 1 else _DIGITS[tens] + "十") + (
        _DIGITS[ones] if ones else ""
    )
    return str(_("理事%(seat)s", seat=words or _DIGITS[0]))


def vote_name(seat_number: int, name: str | None) -> str:
    """Whose vote it is: the seat, with the name where it may stand there."""
    seat = seat_name(seat_number)
    return str(_("%(seat)s（%(name)s）", seat=seat, name=name)) if name else seat
