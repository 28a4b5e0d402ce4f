"""The Merkle tree of RFC 6962 §2.1, pure: where hashes are kept is the caller's affair.

Hashes are 32 bytes of SHA-256. The verifications follow RFC 9162 §2.1.3.2 and §2.1.4.2, which ask for the same proofs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

Node = Callable[[int, int], bytes]
"""``node(height, index)``: the hash of the full subtree over leaves [index · 2^height, (index + 1) · 2^height)."""

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256(0x00 ‖ leaf)."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


def subtree_root(hashes: Sequence[bytes]) -> bytes:
    """The root over ``hashes``, a power of two of them: what a full tile is to the level above."""
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(row[place], row[place + 1]) for place in range(0, len(row), 2)]
    return row[0]


def _split(width: int) -> int:
    """The largest power of two below ``width``."""
    return 1 << ((width - 1).bit_length() - 1)


def _range(node: Node, first: int, end: int) -> bytes:
    """MTH(D[first:end]) of a range that the tree's own splitting makes."""
    width = end - first
    if width & (width - 1) == 0:
        return node(width.bit_length() - 1, first // width)
    middle = first + _split(width)
    return node_hash(_range(node, first, middle), _range(node, middle, end))


def root(node: Node, size: int) -> bytes:
    """The root of the first ``size`` leaves."""
    return _range(node, 0, size) if size else EMPTY_ROOT


def inclusion_proof(node: Node, index: int, size: int) -> list[bytes]:
    """PATH(index, D[0:size]): from the leaf's sibling up to the root's child. Raises ValueError for a leaf not in the tree."""
    if not 0 <= index < size:
        raise ValueError("no such leaf in a tree of this size")
    first, end = 0, size
    path: list[bytes] = []
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            path, end = [*path, _range(node, middle, end)], middle
        else:
            path, first = [*path, _range(node, first, middle)], middle
    return path[::-1]


def consistency_proof(node: Node, old: int, new: int) -> list[bytes]:
    """PROOF(old, D[0:new]): one tree is the beginning of the other. Raises ValueError unless 0 < old ≤ new."""
    if not 0 < old <= new:
        raise ValueError("the older tree is not empty and not larger than the newer")
    first, end, is_known = 0, new, True
    path: list[bytes] = []
    while old != end:
        middle = first + _split(end - first)
        if old <= middle:
            path, end = [*path, _range(node, middle, end)], middle
        else:
            path, first, is_known = [*path, _range(node, first, middle)], middle, False
    if not is_known:
        path.append(_range(node, first, end))
    return path[::-1]


def includes(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes) -> bool:
    """Whether ``proof`` shows that the leaf of hash ``leaf`` is at ``index`` of the tree of ``size`` with that root."""
    if not 0 <= index < size or any(len(each) != 32 for each in (leaf, *proof)):
        return False
    place, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(sibling, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and found == expected_root


def continues(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Whether ``proof`` shows that the tree of ``old`` leaves is the beginning of the one of ``new`` leaves."""
    if not 0 < old <= new or any(len(each) != 32 for each in (old_root, new_root, *proof)):
        return False
    path = [*proof] if old & (old - 1) else [old_root, *proof]
    if old == new or not path:
        return old == new and not proof and old_root == new_root
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    older = newer = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            newer = node_hash(newer, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and older == old_root and newer == new_root


class Frontier:
    """The right edge of a growing tree: the roots of its full subtrees, the largest first. One append costs O(log n)."""

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add the next leaf by its hash."""
        left = self.size
        while left & 1:
            leaf, left = node_hash(self._edge.pop(), leaf), left >> 1
        self._edge.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root of what was appended so far."""
        found = self._edge[-1] if self._edge else EMPTY_ROOT
        for left in reversed(self._edge[:-1]):
            found = node_hash(left, found)
        return found
