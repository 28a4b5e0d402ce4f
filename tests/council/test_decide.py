"""How the council decides, as a table that a member can read."""

from __future__ import annotations

import pytest

from app.council.rules import (
    ORDINARY,
    Signature,
    Tally,
    Terms,
    endorsed_outcome,
    officers_outcome,
    outcome,
    passes,
    quorum_of,
    quorum_reached,
)

SEATS_AND_QUORUM = [(1, 1), (2, 2), (3, 2), (4, 3), (5, 4), (6, 4), (7, 5), (8, 6), (9, 6), (11, 8), (25, 17)]


@pytest.mark.parametrize(("seats", "quorum"), SEATS_AND_QUORUM)
def test_quorum_is_two_thirds_of_the_seats_rounded_up(seats: int, quorum: int) -> None:
    assert quorum_of(seats) == quorum
    assert quorum * 3 >= seats * 2 > (quorum - 1) * 3


# seats | approve, reject, abstain, recuse | while voting goes on | when the chair ends it now
CASES = [
    # Nobody yet, too few, or just too few.
    (7, (0, 0, 0, 0), "open", "open"),
    (7, (4, 0, 0, 0), "open", "open"),
    (7, (0, 4, 0, 0), "open", "open"),
    # The quorum is there; what is missing can still change the result.
    (7, (3, 2, 0, 0), "open", "approved"),
    (7, (2, 2, 1, 0), "open", "rejected"),
    (7, (3, 1, 1, 0), "open", "approved"),
    # The quorum is there and nothing can change any more.
    (7, (5, 0, 0, 0), "approved", "approved"),
    (7, (4, 1, 0, 0), "approved", "approved"),
    (7, (1, 4, 0, 0), "rejected", "rejected"),
    (7, (0, 0, 5, 0), "rejected", "rejected"),
    # Everybody took part: a tie does not pass, an abstention counts as present.
    (7, (4, 3, 0, 0), "approved", "approved"),
    (7, (3, 3, 1, 0), "rejected", "rejected"),
    (7, (3, 2, 2, 0), "rejected", "rejected"),
    (4, (2, 2, 0, 0), "rejected", "rejected"),
    # Recused members count for the quorum, not for the majority.
    (7, (3, 1, 0, 1), "open", "approved"),
    (7, (3, 2, 0, 2), "approved", "approved"),
    (7, (2, 2, 0, 3), "rejected", "rejected"),
    (7, (4, 0, 0, 1), "approved", "approved"),
    # Fewer than three members without a conflict cannot decide: the host does.
    (5, (2, 0, 0, 3), "referred", "referred"),
    (5, (0, 0, 0, 5), "referred", "referred"),
    (5, (2, 0, 0, 2), "open", "referred"),
    (3, (1, 0, 0, 1), "referred", "referred"),
    (2, (1, 1, 0, 0), "referred", "referred"),
    (1, (1, 0, 0, 0), "referred", "referred"),
    # The smallest council that decides.
    (3, (3, 0, 0, 0), "approved", "approved"),
    (3, (2, 0, 0, 0), "open", "referred"),
]


@pytest.mark.parametrize(("seats", "votes", "going_on", "ended"), CASES)
def test_votes_decide(seats: int, votes: tuple[int, int, int, int], going_on: str, ended: str) -> None:
    tally = Tally(seats, quorum_of(seats), *votes)
    assert outcome(tally) == going_on
    assert outcome(tally, closing=True) == ended


def _every_tally(seats: int) -> list[Tally]:
    return [
        Tally(seats, quorum_of(seats), approve, reject, abstain, recuse)
        for approve in range(seats + 1)
        for reject in range(seats + 1 - approve)
        for abstain in range(seats + 1 - approve - reject)
        for recuse in range(seats + 1 - approve - reject - abstain)
    ]


@pytest.mark.parametrize("seats", [1, 2, 3, 5, 6, 7, 9])
def test_decision_before_the_last_vote_is_never_overturned_by_those_who_are_missing(seats: int) -> None:
    """Compare the arithmetic with trying out every way in which the missing members could still vote."""
    for tally in _every_tally(seats):
        if seats - tally.recuse < ORDINARY.least_votes:
            assert outcome(tally) == "referred", tally
            continue
        if not quorum_reached(tally):
            assert outcome(tally) == "open", tally
            continue
        missing = seats - tally.present
        ends = {
            passes(
                Tally(
                    seats,
                    tally.quorum,
                    tally.approve + approve,
                    tally.reject + reject,
                    tally.abstain + missing - approve - reject - recuse,
                    tally.recuse + recuse,
                )
            )
            for approve in range(missing + 1)
            for reject in range(missing + 1 - approve)
            for recuse in range(missing + 1 - approve - reject)
        }
        decided = outcome(tally)
        if decided == "approved":
            assert ends == {True}, tally
        elif decided == "rejected":
            assert ends == {False}, tally


# seats | approve, reject, abstain, recuse | special resolution, everybody asked | its time is over
SPECIAL = [
    (6, (4, 2, 0, 0), "approved", "approved"),
    (6, (3, 3, 0, 0), "rejected", "rejected"),
    (7, (5, 2, 0, 0), "approved", "approved"),
    (7, (4, 3, 0, 0), "rejected", "rejected"),
    (7, (4, 2, 0, 1), "approved", "approved"),
    (7, (4, 1, 0, 0), "open", "approved"),
    (7, (3, 2, 0, 0), "open", "rejected"),
    (7, (3, 1, 0, 0), "open", "lapsed"),
    (7, (0, 0, 0, 0), "open", "lapsed"),
]


@pytest.mark.parametrize(("seats", "votes", "going_on", "ended"), SPECIAL)
def test_special_resolution_needs_two_thirds_of_those_present(
    seats: int, votes: tuple[int, int, int, int], going_on: str, ended: str
) -> None:
    tally, terms = Tally(seats, quorum_of(seats), *votes), Terms("special")
    assert outcome(tally, terms) == going_on
    assert outcome(tally, terms, ended=True) == ended


OFFICER = Signature("officer", "approve", "secretary")
CHAIR = Signature("officer", "approve", "chair")
REFUSAL = Signature("officer", "reject", "chair")


@pytest.mark.parametrize(
    ("signed", "needed", "chair_signs", "result"),
    [
        ([], 1, False, "open"),
        ([OFFICER], 1, False, "approved"),
        ([OFFICER], 2, True, "open"),
        ([OFFICER, OFFICER], 2, True, "open"),
        ([OFFICER, CHAIR], 2, True, "approved"),
        ([OFFICER, REFUSAL], 2, True, "rejected"),
        ([REFUSAL], 1, False, "rejected"),
    ],
)
def test_officers_sign_small_amounts(
    signed: list[Signature], needed: int, chair_signs: bool, result: str
) -> None:
    assert officers_outcome(signed, needed, chair_signs=chair_signs) == result


OPINION = Signature("opinion", "reject", "supervisor")
HOST, HOST_REFUSES = Signature("host", "approve", "host"), Signature("host", "reject", "host")


@pytest.mark.parametrize(
    ("signed", "needs_opinion", "needs_host", "result"),
    [
        ([], False, False, ("approved", [])),
        ([], True, True, ("endorsing", ["opinion", "host"])),
        ([OPINION], True, True, ("endorsing", ["host"])),
        ([HOST], True, True, ("endorsing", ["opinion"])),
        ([OPINION, HOST], True, True, ("approved", [])),
        ([HOST_REFUSES], True, True, ("rejected", [])),
    ],
)
def test_large_amounts_wait_for_opinion_and_host(
    signed: list[Signature], needs_opinion: bool, needs_host: bool, result: tuple[str, list[str]]
) -> None:
    assert endorsed_outcome(signed, needs_opinion=needs_opinion, needs_host=needs_host) == result
