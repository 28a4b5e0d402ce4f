"""The tree: the vectors of transparency-dev/merkle, also those that must be refused, and sizes to 10,000."""

from __future__ import annotations

import json
from base64 import b64decode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.log.merkle import rules as merkle

VECTORS = Path(__file__).with_name("vectors")
MOST = 10_000


def _cases(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def _bytes(text: str | None) -> bytes:
    return b64decode(text or "")


def _proof(case: dict[str, Any]) -> list[bytes]:
    return [_bytes(each) for each in case["proof"] or []]


@pytest.mark.parametrize("case", _cases("inclusion"), ids=lambda case: case["name"])
def test_inclusion_vector(case: dict[str, Any]) -> None:
    shown = merkle.includes(
        _bytes(case["leafHash"]), case["leafIdx"], case["treeSize"], _proof(case), _bytes(case["root"])
    )
    assert shown is not case["wantErr"], case["desc"]


@pytest.mark.parametrize("case", _cases("consistency"), ids=lambda case: case["name"])
def test_consistency_vector(case: dict[str, Any]) -> None:
    shown = merkle.continues(
        case["size1"], case["size2"], _proof(case), _bytes(case["root1"]), _bytes(case["root2"])
    )
    assert shown is not case["wantErr"], case["desc"]


def test_vectors_are_all_there() -> None:
    """Counted, so that an emptied file does not pass."""
    for name, count, refused in (("inclusion", 82, 77), ("consistency", 84, 79)):
        cases = _cases(name)
        assert (len(cases), sum(case["wantErr"] for case in cases)) == (count, refused)


def _mth(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1 word for word, to compare with."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + _mth(leaves[:split]) + _mth(leaves[split:])).digest()


def _leaf(index: int) -> bytes:
    return f"leaf {index}".encode()


@cache
def _levels() -> list[list[bytes]]:
    levels = [[merkle.leaf_hash(_leaf(index)) for index in range(MOST)]]
    while len(levels[-1]) > 1:
        row = levels[-1]
        levels.append([merkle.node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)])
    return levels


def _node(height: int, index: int) -> bytes:
    return _levels()[height][index]


@cache
def _frontier_roots() -> list[bytes]:
    frontier, roots = merkle.Frontier(), [merkle.EMPTY_ROOT]
    for digest in _levels()[0]:
        frontier.append(digest)
        roots.append(frontier.root())
    return roots


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 9, 255, 256, 257, 1000])
def test_root_is_that_of_the_rfc(size: int) -> None:
    expected = _mth([_leaf(index) for index in range(size)])
    assert merkle.root(_node, size) == expected == _frontier_roots()[size]


@settings(max_examples=300, deadline=None)
@given(st.integers(1, MOST), st.data())
def test_any_leaf_of_any_size_is_proved_and_no_other(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    root = merkle.root(_node, size)
    assert root == _frontier_roots()[size]
    proof = merkle.inclusion_proof(_node, index, size)
    leaf = _node(0, index)
    assert merkle.includes(leaf, index, size, proof, root)
    assert len(proof) <= (size - 1).bit_length()
    other = data.draw(st.integers(0, size - 1))
    if other != index:
        assert not merkle.includes(leaf, other, size, proof, root)
        assert not merkle.includes(_node(0, other), index, size, proof, root)
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        bent = [*proof]
        bent[place] = bytes([bent[place][0] ^ 1]) + bent[place][1:]
        assert not merkle.includes(leaf, index, size, bent, root)
        assert not merkle.includes(leaf, index, size, proof[:-1], root)
    assert not merkle.includes(leaf, index, size, [*proof, leaf], root)


@settings(max_examples=300, deadline=None)
@given(st.integers(1, MOST), st.data())
def test_any_tree_is_the_beginning_of_any_larger(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    old_root, new_root = merkle.root(_node, old), merkle.root(_node, new)
    proof = merkle.consistency_proof(_node, old, new)
    assert merkle.continues(old, new, proof, old_root, new_root)
    if old == new:
        return
    assert not merkle.continues(new, old, proof, new_root, old_root)
    assert not merkle.continues(old, new, proof, new_root, old_root)
    forked = bytes([old_root[0] ^ 1]) + old_root[1:]
    assert not merkle.continues(old, new, proof, forked, new_root)
    assert not merkle.continues(old, new, [*proof, old_root], old_root, new_root)
    if proof:
        assert not merkle.continues(old, new, proof[:-1], old_root, new_root)


def test_every_proof_of_small_trees() -> None:
    for size in range(1, 66):
        root = merkle.root(_node, size)
        for index in range(size):
            proof = merkle.inclusion_proof(_node, index, size)
            holders = [
                place for place in range(size) if merkle.includes(_node(0, index), place, size, proof, root)
            ]
            assert holders == [index]
        for old in range(1, size + 1):
            proof = merkle.consistency_proof(_node, old, size)
            assert merkle.continues(old, size, proof, merkle.root(_node, old), root)


def test_what_is_not_in_the_tree_has_no_proof() -> None:
    for index, size in ((0, 0), (5, 5), (-1, 3)):
        with pytest.raises(ValueError, match="no such leaf"):
            merkle.inclusion_proof(_node, index, size)
    for old, new in ((0, 3), (4, 3)):
        with pytest.raises(ValueError, match="older tree"):
            merkle.consistency_proof(_node, old, new)
