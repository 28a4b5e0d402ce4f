"""How long a donor's link and visit last, and how often somebody may try. Pure."""

from __future__ import annotations

from datetime import timedelta

from app.people.rules import counter_key

LINK_LASTS = timedelta(minutes=10)
VISIT_LASTS = timedelta(minutes=30)
KEPT = timedelta(days=1)
"""Links and visits are deleted so long after they ended."""

# In fifteen minutes. A code has 117 bits; these keep a stranger with one code from trying amounts, and from sending mail.
TRIES_FROM_ADDRESS = 30
TRIES_FOR_CODE = 10
MAILS_FROM_ADDRESS = 10
MAILS_TO_ONE = 3
MAILS_AT_ALL = 200


def code_limits(address: str, code: str) -> dict[str, int]:
    """Under which keys a try with a code is counted, and how many of each are allowed. A code that leads nowhere is counted
    like any other."""
    return {
        counter_key("donor-code", address): TRIES_FROM_ADDRESS,
        counter_key("donor-code-of", code): TRIES_FOR_CODE,
    }


def mail_limits(address: str, email: str) -> dict[str, int]:
    """Under which keys a link that is asked for is counted, and how many of each are allowed."""
    return {
        counter_key("donor-mail", address): MAILS_FROM_ADDRESS,
        counter_key("donor-mail-to", email): MAILS_TO_ONE,
        counter_key("donor-mail"): MAILS_AT_ALL,
    }
