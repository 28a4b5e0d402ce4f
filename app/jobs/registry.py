"""What packages register: handlers of jobs, recurring jobs, and who the users are that notices go to.

    @job("lapse_votes")
    def lapse_votes(work: Work, payload: dict[str, Any]) -> None:
        with work.finishing(books=True) as session:
            operations.lapse_votes(session)

    every("lapse_votes", 3600)

Handlers stand in files called ``operations.py``, which a worker imports by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy.orm import Session

from app.settings import Settings


class Work(Protocol):
    """What a handler is given beside its payload.

    All effects belong into ``finishing``: it commits them together with the end of the job, or neither. Slow things (a
    mail server) are done outside of any transaction. A handler that returns without it had nothing to write.
    """

    @property
    def settings(self) -> Settings:
        """The installation's."""

    @property
    def session(self) -> Session:
        """For reading."""

    @property
    def is_last_attempt(self) -> bool:
        """Whether the job is not tried again after this."""

    def transaction(self) -> AbstractContextManager[Session]:
        """A write on the way, committed at its end. Raises LeaseLost when another worker has the job."""

    def finishing(self, *, books: bool = False) -> AbstractContextManager[Session]:
        """The job's effect and its end in one transaction. Raises LeaseLost, and undoes the effect, when another worker
        has the job."""


Handler = Callable[[Work, dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to whom notices go; without an address when nothing is to be mailed any more."""

    name: str
    address: str | None


AddressBook = Callable[[Session, Collection[int]], dict[int, Recipient]]

_handlers: dict[str, Handler] = {}
_recurring: dict[str, int] = {}
_address_books: list[AddressBook] = []


def job(kind: str) -> Callable[[Handler], Handler]:
    """Register a function (work, payload) as what is done for jobs of ``kind``."""

    def register(handler: Handler) -> Handler:
        known = _handlers.get(kind)
        if known is not None and known.__qualname__ != handler.__qualname__:
            raise ValueError(f"two handlers for jobs called {kind}")
        _handlers[kind] = handler
        return handler

    return register


def every(kind: str, seconds: int) -> None:
    """Run jobs of ``kind`` once in each ``seconds``, with an empty payload. What was missed while nothing ran is not made up
    for, and the next run is not enqueued while one is still open."""
    _recurring[kind] = seconds


def address_book(book: AddressBook) -> AddressBook:
    """Register the function (session, user ids) → who they are."""
    _address_books[:] = [book]
    return book


def handlers() -> Mapping[str, Handler]:
    """Every handler by kind."""
    return _handlers


def recurring() -> Mapping[str, int]:
    """Every recurring kind with its seconds."""
    return _recurring


def recipients(session: Session, user_ids: Collection[int]) -> dict[int, Recipient]:
    """Who these users are."""
    return {user_id: found for book in _address_books for user_id, found in book(session, user_ids).items()}
