"""Appending: in the business transaction, in one order, tiles as they fill, long lists over several leaves."""

from __future__ import annotations

import json
import threading
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.donations.operations import record_donations
from app.log import queries as log
from app.log import rules
from app.log.checkpoint import operations as checkpoints
from app.log.checkpoint.rules import opened_checkpoint
from app.log.checks import check_log
from app.log.merkle.rules import Frontier, continues, includes
from app.log.models import Leaf, PublishedCheckpoint
from app.log.operations import LeafDraft, append
from app.log.rules import LeafRefused
from app.log.tiles.queries import Tree
from app.shared import clock
from app.shared.db import transaction
from app.shared.errors import Refused
from app.shared.permissions import Actor
from tests.ledger.books import Books, fresh_books

DIALECTS = ["sqlite", "postgresql"]


def _projects(first: int, count: int) -> list[LeafDraft]:
    return [
        LeafDraft("project", number, {"fund": 1}, {"name": f"项目 {number}"})
        for number in range(first, first + count)
    ]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_tree_follows_batches_of_any_size(dialect: str) -> None:
    with fresh_books(dialect) as books:
        frontier = Frontier()
        for leaf in log.leaves(books.session):
            frontier.append(leaf.digest)
        roots = {frontier.size: frontier.root()}
        number = 1000
        for batch in (1, 254, 1, 2, 255, 256, 257, 1000, 1, 513):
            with transaction(books.session, books=True):
                positions = append(books.session, _projects(number, batch))
            assert positions == list(range(frontier.size, frontier.size + batch))
            number += batch
            for leaf in log.leaves(books.session, frontier.size):
                frontier.append(leaf.digest)
            roots[frontier.size] = frontier.root()
            books.session.rollback()
        tree = Tree(books.session)
        assert {size: tree.root(size) for size in roots} == roots
        last = frontier.size
        for size in roots:
            assert continues(size, last, tree.consistency(size, last), roots[size], roots[last])
        for position in (0, 1, 255, 256, 511, 512, 1023, last - 1):
            leaf = log.leaf(books.session, position)
            assert leaf is not None
            assert includes(leaf.digest, position, last, tree.inclusion(position, last), roots[last])
        with pytest.raises(ValueError, match="does not have as many leaves"):
            Tree(books.session).root(last + 1)
        assert [check.problems for check in check_log(books.session) if not check.holds] == []


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(1, 700), min_size=1, max_size=12))
def test_any_history_of_batches_makes_the_tree_of_its_leaves(batches: list[int]) -> None:
    with fresh_books("sqlite") as books:
        number = 1000
        for batch in batches:
            with transaction(books.session, books=True):
                append(books.session, _projects(number, batch))
            number += batch
        assert [check.problems for check in check_log(books.session) if not check.holds] == []
        frontier = Frontier()
        for leaf in log.leaves(books.session):
            frontier.append(leaf.digest)
        assert Tree(books.session).root(frontier.size) == frontier.root()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_rolled_back_leaves_no_leaf(dialect: str) -> None:
    with fresh_books(dialect) as books:
        before = log.size(books.session)

        def act(session: Session, _actor: Actor) -> None:
            append(session, _projects(1000, 600))
            raise Refused("nothing comes of it")

        with pytest.raises(Refused):
            books.do(act)
        with pytest.raises(LeafRefused), transaction(books.session, books=True):
            append(books.session, [*_projects(1000, 3), LeafDraft("gift", 1, {})])
        assert log.size(books.session) == before
        assert books.broken() == []
        with pytest.raises(RuntimeError, match="only inside transaction"):
            append(books.session, _projects(1000, 1))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_payment_out_of_many_small_gifts_goes_on_in_further_leaves(dialect: str) -> None:
    count = 2 * rules.MOST_PARTS + 10
    with fresh_books(dialect) as books, clock.simulated(clock.now()) as now:
        now.set_local(date(2023, 9, 20))
        drafts = [
            books._gift(100, books.free, date(2023, 9, 18), "bank", f"单位 {number % 7}")
            for number in range(count)
        ]
        books.do(record_donations, drafts)
        request = books.approved(count * 100)
        number = books.pay(request, count * 100)
        books.session.rollback()
        leaf = books.session.scalars(
            select(Leaf).where(Leaf.kind == "entry", Leaf.subject_id == number)
        ).one()
        body = json.loads(leaf.body)
        assert body["continued"] == 2
        parts = [
            json.loads(each.body) for each in log.leaves(books.session, leaf.position + 1, leaf.position + 3)
        ]
        assert [each["part"] for each in parts] == [1, 2]
        assert all(each["of"] == ["entry", number, 1] for each in parts)
        assert len(body["movements"]) + sum(len(each["movements"]) for each in parts) == count
        assert len(leaf.body) < rules.MOST_LEAF_BYTES
        assert books.broken() == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_signing_while_others_write_never_forks(dialect: str, tmp_path: Path) -> None:
    key = tmp_path / "log.key"
    with fresh_books(dialect) as books:
        verifier = checkpoints.establish(books.session, key, None)
        notes: list[str] = []
        wrong: list[BaseException] = []

        def write(start: int) -> None:
            mine = Books(books.engine)
            try:
                for number in range(start, start + 20):
                    with transaction(mine.session, books=True):
                        append(mine.session, _projects(number, 1))
            except BaseException as error:
                wrong.append(error)
            finally:
                mine.session.close()

        def sign() -> None:
            mine = Books(books.engine)
            try:
                for _ in range(20):
                    notes.append(checkpoints.published_note(mine.session, key))
                    mine.session.rollback()
            except BaseException as error:
                wrong.append(error)
            finally:
                mine.session.close()

        threads = [threading.Thread(target=write, args=(start,)) for start in (1000, 2000)]
        threads += [threading.Thread(target=sign) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        final = opened_checkpoint(checkpoints.published_note(books.session, key), verifier)
        tree = Tree(books.session)
        for found in {opened_checkpoint(note, verifier) for note in notes}:
            assert tree.root(found.size) == found.root
            proof = tree.consistency(found.size, final.size)
            assert continues(found.size, final.size, proof, found.root, final.root)
        stored = set(books.session.scalars(select(PublishedCheckpoint.note)))
        assert set(notes) <= stored
        assert [check.problems for check in check_log(books.session) if not check.holds] == []


def test_first_start_of_several_processes_at_once_gives_one_name(tmp_path: Path) -> None:
    key = tmp_path / "log.key"
    with fresh_books("sqlite") as books:
        names: set[str] = set()
        wrong: list[BaseException] = []

        def begin() -> None:
            mine = Books(books.engine)
            try:
                names.add(str(checkpoints.establish(mine.session, key, None)))
            except BaseException as error:
                wrong.append(error)
            finally:
                mine.session.close()

        threads = [threading.Thread(target=begin) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert len(names) == 1
