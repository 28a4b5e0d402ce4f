#!/usr/bin/env python3
"""Verify a whole Sunledger log, and recompute every balance from it.

    python3 verify_sunledger.py https://charity.example/log      the log of a site
    python3 verify_sunledger.py FOLDER                           what `sunledger log publish FOLDER` wrote
    python3 verify_sunledger.py FILE                             what `sunledger log export FILE` wrote

    --key NAME+ID+KEY     the public key as you know it, from a receipt or a notice board (else the log's own is believed)
    --against CHECKPOINT  an earlier checkpoint that you kept (a file): the log must continue it
    --json                print the recomputed figures as JSON

It needs Python 3.9 or later and the package `cryptography`, and nothing of the site that it verifies. Exit status 0: all
is well. 1: something is wrong, and it is named. 2: it could not be verified (no such file, no answer).

What it proves: that no record was changed, removed, added or moved since it was recorded, and that the figures follow from
the records. What it does not prove: that what was recorded is true.

Formats: RFC 6962 §2.1 (hashes), C2SP signed-note, tlog-checkpoint and tlog-tiles, docs/leaf-v1.md of Sunledger (records).
Apache-2.0.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import hmac
import json
import re
import sys
import unicodedata
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

WIDTH = 256
HASH = 32
SECONDS = 60
MONEY = frozenset(("1001", "1002", "1009"))
EMPTY_ROOT = hashlib.sha256(b"").digest()
Read = Callable[[str], "bytes | None"]


class Broken(Exception):
    """Something is wrong with the log. The text names it."""


class Unusable(Exception):
    """It could not be verified."""


# ---------------------------------------------------------------------------------------------------- notes and keys


class Key(NamedTuple):
    """A log's name and Ed25519 public key."""

    name: str
    id: bytes
    public_key: bytes
    text: str


class Checkpoint(NamedTuple):
    """What the log's key signed."""

    size: int
    root: bytes


def decoded(text: str) -> bytes:
    """The bytes of base64, or b"" for anything that is not its one spelling."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return content if base64.b64encode(content).decode() == text else b""


def parse_key(text: str) -> Key:
    """A key as C2SP signed-note spells it: name+id+base64(0x01 and the key)."""
    parts = text.strip().split("+", 2)
    material = decoded(parts[2]) if len(parts) == 3 else b""
    if len(material) != 1 + HASH or material[:1] != b"\x01":
        raise Unusable("The public key is not of the form name+id+key.")
    key_id = hashlib.sha256(parts[0].encode() + b"\n" + material).digest()[:4]
    if key_id.hex() != parts[1]:
        raise Unusable("The public key does not have the id that it claims.")
    return Key(parts[0], key_id, material[1:], text.strip())


def open_checkpoint(note: str, key: Key, what: str = "The checkpoint") -> Checkpoint:
    """Verify the signature and return what was signed."""
    text, separator, tail = note.rpartition("\n\n")
    if not separator or not note.endswith("\n"):
        raise Broken(f"{what} is not a signed note.")
    text += "\n"
    is_signed = False
    for line in tail.splitlines():
        found = re.fullmatch(r"\u2014 (\S+) (\S+)", line)
        content = decoded(found[2]) if found else b""
        if found is None or len(content) < 5:
            raise Broken(f"{what} has a malformed signature line.")
        if found[1] != key.name or content[:4] != key.id:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.public_key).verify(content[4:], text.encode())
        except InvalidSignature:
            raise Broken(f"{what} is forged: its signature is not that of the key of {key.name}.") from None
        is_signed = True
    lines = text.split("\n")
    if not is_signed:
        raise Broken(f"{what} is not signed by the key of {key.name}.")
    root = decoded(lines[2]) if len(lines) > 3 else b""
    if lines[0] != key.name or not re.fullmatch(r"0|[1-9][0-9]{0,15}", lines[1]) or len(root) != HASH:
        raise Broken(f"{what} is not a checkpoint of {key.name}.")
    return Checkpoint(int(lines[1]), root)


# ----------------------------------------------------------------------------------------------------------- the tree


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256(0x00 and the leaf)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def root_of(hashes: list[bytes]) -> bytes:
    """The root over leaf hashes."""
    edge: list[bytes] = []
    sha256 = hashlib.sha256
    for count, node in enumerate(hashes):
        left = count
        while left & 1:
            node = sha256(b"\x01" + edge.pop() + node).digest()
            left >>= 1
        edge.append(node)
    if not edge:
        return EMPTY_ROOT
    found = edge.pop()
    while edge:
        found = sha256(b"\x01" + edge.pop() + found).digest()
    return found


def tile_path(level: str, number: int, width: int) -> str:
    """tile/0/x001/234.p/5"""
    digits = str(number)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
    path = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
    return f"tile/{level}/{path}" + (f".p/{width}" if width < WIDTH else "")


def leaves_in(bundle: bytes, path: str) -> list[bytes]:
    """The leaves of an entry bundle: each behind its length in 16 bits."""
    leaves, place = [], 0
    while place < len(bundle):
        start = place + 2
        end = start + int.from_bytes(bundle[place:start], "big")
        if end > len(bundle):
            raise Broken(f"{path} ends in the middle of a record.")
        leaves.append(bundle[start:end])
        place = end
    return leaves


def first_difference(found: list[bytes], recorded: list[bytes]) -> str:
    """Where the leaves are not those whose hashes the tiles keep, in words; "" when they are."""
    if found == recorded:
        return ""
    places = {digest: place for place, digest in enumerate(recorded)}
    for at, digest in enumerate(recorded):
        if at >= len(found):
            return f"Leaf {at} is missing, and all that follow."
        if found[at] == digest:
            continue
        other = places.get(found[at], -1)
        if other > at and other < len(found) and found[other] == digest:
            return f"Leaf {at} and leaf {other} have been swapped."
        if other == at + 1:
            return f"Leaf {at} has been deleted."
        if at + 1 < len(found) and found[at + 1] == digest:
            return f"Leaf {at} has been added."
        return f"Leaf {at} has been altered: it does not have the hash that the tree records for it."
    return f"Leaf {len(recorded)} has been added."


def read_tiles(read: Read, size: int) -> list[bytes]:
    """Every leaf, each compared with the hash that the tiles keep for it."""
    leaves: list[bytes] = []
    found: list[bytes] = []
    recorded: list[bytes] = []
    for number in range(-(-size // WIDTH)):
        width = min(WIDTH, size - number * WIDTH)
        path, tile_at = tile_path("entries", number, width), tile_path("0", number, width)
        bundle, tile = read(path), read(tile_at)
        if bundle is None or tile is None:
            missing = path if bundle is None else tile_at
            raise Broken(f"{missing} is missing: records from leaf {number * WIDTH} on have been removed.")
        here = leaves_in(bundle, path)
        if len(tile) != width * HASH:
            raise Broken(f"{tile_at} does not have {width} hashes.")
        leaves += here
        found += map(leaf_hash, here)
        recorded += [tile[at : at + HASH] for at in range(0, len(tile), HASH)]
        if len(here) != width:
            break  # what follows is shifted; the comparison names the place
    difference = first_difference(found, recorded)
    if difference:
        raise Broken(difference)
    return leaves


# --------------------------------------------------------------------------------------------------------- the records

LONG_NUMBER = re.compile(rb"[:\[,]-?[0-9]{16}")
canonical = json.JSONEncoder(
    ensure_ascii=True, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode


def refuse_float(text: str) -> None:
    """A record has whole numbers only."""
    raise ValueError(f"{text} is not a whole number")


def open_leaf(leaf: bytes, index: int) -> dict[str, Any]:
    """The record in a leaf. Broken unless it is spelled in the one way that RFC 8785 allows."""
    body: Any = None
    try:
        body = json.loads(leaf, parse_float=refuse_float, parse_constant=refuse_float)
        is_canonical = isinstance(body, dict) and canonical(body).encode() == leaf
    except (ValueError, UnicodeDecodeError, RecursionError):
        is_canonical = False
    if not is_canonical or LONG_NUMBER.search(leaf):
        raise Broken(f"Leaf {index} is not a record in canonical form.")
    if body.get("v") != 1 or not isinstance(body.get("type"), str):
        raise Broken(f"Leaf {index} is not a record of version 1.")
    return dict(body)


class Tranche:
    """The traceable money of one gift: remaining + held + used + withdrawn = amount."""

    __slots__ = ("amount", "earmark", "held", "remaining", "used", "withdrawn")

    def __init__(self, earmark: int, amount: int) -> None:
        self.earmark, self.amount, self.remaining = earmark, amount, amount
        self.held = self.used = self.withdrawn = 0

    def move(self, kind: str, amount: int, directly: bool) -> None:
        """Move between the four places."""
        if kind == "hold":
            self.remaining, self.held = self.remaining - amount, self.held + amount
        elif kind == "release":
            self.remaining, self.held = self.remaining + amount, self.held - amount
        elif kind in ("use", "return"):
            used = amount if kind == "use" else -amount
            self.used += used
            if directly:
                self.remaining -= used
            else:
                self.held -= used
        elif kind == "withdraw":
            self.remaining, self.withdrawn = self.remaining - amount, self.withdrawn + amount
        else:
            raise Broken(f"a movement of kind {kind} is unknown")


class Books:
    """Every figure of the books, built up leaf by leaf. Amounts are in fen."""

    def __init__(self) -> None:
        self.entries = 0
        self.trial: dict[tuple[int, str, int], list[int]] = defaultdict(lambda: [0, 0])
        self.money_days: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self.pools: dict[int, int] = defaultdict(int)
        self.tranches: dict[int, Tranche] = {}
        self.reversed: dict[int, int] = {}
        self.closed: set[tuple[int, str]] = set()
        self.fund_of_earmark: dict[int, int] = {}
        self._continued: tuple[list[Any], int, int] = ([], 1, 0)
        self._touched: set[int] = set()
        self._explains: tuple[int, int] | None = None

    def take(self, body: dict[str, Any]) -> None:
        """Add a record. Broken when it cannot follow from those before it."""
        kind = body["type"]
        if kind == "continued":
            self._continue(body)
            return
        self.settle()
        if body.get("continued"):
            self._continued = ([kind, body["id"], body["version"]], 1, body["continued"])
        if kind == "entry":
            self._entry(body)
        elif kind in ("approved", "promised_again", "request_cancelled", "request_paid"):
            self._lists(body)
        elif kind == "period_closed":
            self.closed.add((body["fund"], body["month"]))
        elif kind == "period_reopened":
            self.closed.discard((body["fund"], body["month"]))
        elif kind == "earmark":
            self.fund_of_earmark[body["id"]] = body["fund"]

    def settle(self) -> None:
        """The record before is complete, its continuation included: its gifts must add up."""
        of, part, last = self._continued
        if part <= last:
            raise Broken(f"the record {of} does not continue as it says")
        self._continued = ([], 1, 0)
        for number in self._touched:
            tranche = self.tranches[number]
            if min(tranche.remaining, tranche.held, tranche.used, tranche.withdrawn) < 0:
                raise Broken(f"the gift of entry {number} is used beyond its amount")
        self._touched = set()
        if self._explains is not None and self._explains[1] != 0:
            number, rest = self._explains
            raise Broken(f"entry {number} moves money that no gift explains: {yuan(abs(rest))}")
        self._explains = None

    def _continue(self, body: dict[str, Any]) -> None:
        of, part, last = self._continued
        if body["of"] != of or body["part"] != part or part > last:
            raise Broken("it continues a record that it does not follow")
        self._continued = (of, part + 1, last)
        self._lists(body)

    def _lists(self, body: dict[str, Any]) -> None:
        for number, amount in body.get("holds", ()):
            self._move(number, "hold", amount, False)
        for number, amount in body.get("releases", ()):
            self._move(number, "release", amount, False)
        for number, kind, amount, directly, _entry in body.get("movements", ()):
            is_direct = directly is True
            self._move(number, kind, amount, is_direct)
            if self._explains is not None and kind in ("use", "return"):
                entry, rest = self._explains
                self._explains = (entry, rest + (amount if kind == "use" else -amount))

    def _move(self, number: int, kind: str, amount: int, directly: bool) -> None:
        tranche = self.tranches.get(number)
        if tranche is None or type(amount) is not int or amount <= 0:
            raise Broken(f"it moves money of a gift of entry {number} that there is not")
        tranche.move(kind, amount, directly)
        self._touched.add(number)

    def _entry(self, body: dict[str, Any]) -> None:
        number, fund, day = body["number"], body["fund"], body["occurred_on"]
        self.entries += 1
        if number != self.entries or body["id"] != number:
            raise Broken(f"it is entry {number} where entry {self.entries} is due")
        if (fund, day[:7]) in self.closed:
            raise Broken(f"entry {number} is dated {day}, in a month that was closed")
        balance: dict[int, int] = defaultdict(int)
        change: dict[int, int] = defaultdict(int)
        for row in body["postings"]:
            debit, credit, account, earmark = row["debit"], row["credit"], row["account"], row["earmark"]
            if (
                type(debit) is not int
                or type(credit) is not int
                or min(debit, credit) != 0
                or debit == credit
            ):
                raise Broken(f"entry {number} has a line that is neither debit nor credit")
            if (account in MONEY) != (row["money_account"] is not None):
                raise Broken(
                    f"entry {number} posts to account {account} without its money account, or with one"
                )
            if self.fund_of_earmark.get(earmark) != fund:
                raise Broken(f"entry {number} posts to purpose {earmark}, which is not of its fund")
            balance[earmark] += debit - credit
            sums = self.trial[fund, account, earmark]
            sums[0] += debit
            sums[1] += credit
            if account in MONEY:
                change[earmark] += debit - credit
                self.money_days[row["money_account"]][day] += debit - credit
        if len(body["postings"]) < 2 or any(balance.values()):
            raise Broken(f"entry {number} does not balance")
        if len(balance) > 1 and body["kind"] != "purpose_change":
            raise Broken(f"entry {number} has more than one purpose")
        for earmark, amount in change.items():
            self.pools[earmark] += amount
        if "reverses" in body:
            if not 0 < body["reverses"] < number or body["reverses"] in self.reversed:
                raise Broken(f"entry {number} reverses entry {body['reverses']}, which it cannot")
            self.reversed[body["reverses"]] = number
        if "tranche" in body:
            opened = body["tranche"]
            if opened["amount"] != change[opened["earmark"]] or opened["amount"] <= 0:
                raise Broken(f"entry {number} opens a gift of another amount than it brings")
            self.tranches[number] = Tranche(opened["earmark"], opened["amount"])
        if body["kind"] in ("payment", "fee", "refund"):
            self._explains = (number, sum(change.values()))
        self._lists(body)

    def finish(self) -> None:
        """What must hold once everything is read."""
        self.settle()
        left: dict[int, int] = defaultdict(int)
        for tranche in self.tranches.values():
            left[tranche.earmark] += tranche.remaining + tranche.held
        for earmark in sorted({*self.pools, *left}):
            if self.pools[earmark] != left[earmark]:
                raise Broken(
                    f"Purpose {earmark} holds {yuan(self.pools[earmark])}, but {yuan(left[earmark])} is left of its gifts."
                )
        for account, days in sorted(self.money_days.items()):
            held = 0
            for day in sorted(days):
                held += days[day]
                if held < 0:
                    raise Broken(f"Money account {account} is overdrawn on {day}: {yuan(held)}.")

    def figures(self) -> dict[str, Any]:
        """Everything that was recomputed; amounts in fen."""
        tranches = self.tranches
        reserved: dict[int, int] = defaultdict(int)
        for each in tranches.values():
            reserved[each.earmark] += each.held
        return {
            "entries": self.entries,
            "held_minor": sum(self.pools.values()),
            "trial_balance": [
                {
                    "fund": fund,
                    "account": account,
                    "earmark": earmark,
                    "debit_minor": debit,
                    "credit_minor": credit,
                }
                for (fund, account, earmark), (debit, credit) in sorted(self.trial.items())
            ],
            "pools": [
                {"earmark": earmark, "held_minor": held, "reserved_minor": reserved[earmark]}
                for earmark, held in sorted(self.pools.items())
            ],
            "money_accounts": [
                {"money_account": account, "balance_minor": sum(days.values())}
                for account, days in sorted(self.money_days.items())
            ],
            "gifts": [
                {
                    "entry": number,
                    "earmark": each.earmark,
                    "amount_minor": each.amount,
                    "remaining_minor": each.remaining,
                    "held_minor": each.held,
                    "used_minor": each.used,
                    "withdrawn_minor": each.withdrawn,
                }
                for number, each in sorted(tranches.items())
            ],
        }


def yuan(minor: int) -> str:
    """Fen as yuan: 1,234.56"""
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100:,}.{abs(minor) % 100:02d}"


def recompute(leaves: list[bytes]) -> Books:
    """The books that the leaves make. Broken names the first leaf that cannot be."""
    books = Books()
    for index, leaf in enumerate(leaves):
        body = open_leaf(leaf, index)
        try:
            books.take(body)
        except Broken as error:
            raise Broken(f"Leaf {index} ({body['type']}) is wrong, or one before it: {error}.") from error
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise Broken(f"Leaf {index} ({body['type']}) is not as its kind has to be: {error!r}.") from error
    books.finish()
    return books


# ------------------------------------------------------------------------------------------------------------ the whole


def reader(place: str) -> Read:
    """How to read the files of a log: below an address, or in a folder."""
    if re.match(r"https?://", place):
        base = place.rstrip("/")

        def fetch(path: str) -> bytes | None:
            try:
                with urllib.request.urlopen(f"{base}/{path}", timeout=SECONDS) as answer:  # noqa: S310 - http or https
                    content: bytes = answer.read()
                    return content
            except urllib.error.HTTPError as error:
                if error.code == 404:
                    return None
                raise Unusable(
                    f"{base}/{path} answered {error.code}: {error.read(300).decode(errors='replace')}"
                ) from error
            except OSError as error:
                raise Unusable(f"{base}/{path} cannot be reached: {error}") from error

        return fetch
    folder = Path(place)
    if not (folder / "checkpoint").exists() and (folder / "log" / "checkpoint").exists():
        folder = folder / "log"

    def load(path: str) -> bytes | None:
        try:
            return (folder / path).read_bytes()
        except FileNotFoundError:
            return None

    return load


class Found(NamedTuple):
    """A log as it was read: who signed it, what was signed, its leaves; of an export, the lines of its texts."""

    key: Key
    checkpoint: Checkpoint
    leaves: list[bytes]
    texts: tuple[bytes, ...] = ()


def read_export(path: Path, key_text: str | None) -> Found:
    """The file that `sunledger log export` wrote: a heading, the leaves, one a line, then texts."""
    lines = path.read_bytes().split(b"\n")
    try:
        heading = json.loads(lines[0])
        count, note, own = int(heading["leaves"]), str(heading["checkpoint"]), str(heading["public_key"])
    except (ValueError, KeyError, TypeError) as error:
        raise Unusable(f"{path} is not an exported log.") from error
    key = parse_key(key_text or own)
    checkpoint = open_checkpoint(note, key)
    leaves = lines[1 : checkpoint.size + 1]
    if count != checkpoint.size or len(leaves) != checkpoint.size:
        raise Broken(
            f"The file holds {min(count, len(lines) - 1)} leaves, the signed checkpoint {checkpoint.size}."
        )
    return Found(key, checkpoint, leaves, tuple(line for line in lines[checkpoint.size + 1 :] if line))


def read_log(place: str, key_text: str | None) -> Found:
    """A log from its tiles."""
    read = reader(place)
    note = read("checkpoint")
    if note is None:
        raise Unusable(f"There is no checkpoint in {place}.")
    own = key_text or (read("public-key") or b"").decode(errors="replace")
    key = parse_key(own)
    checkpoint = open_checkpoint(note.decode(errors="replace"), key)
    return Found(key, checkpoint, read_tiles(read, checkpoint.size))


def require_texts(found: Found) -> None:
    """Every text that was exported is the one that its leaf commits to."""
    for line in found.texts:
        try:
            said = json.loads(line)
            position, field, text = int(said["position"]), str(said["field"]), str(said["text"])
            content = f"{field}\0{unicodedata.normalize('NFC', text)}".encode()
            shown = hmac.new(bytes.fromhex(said["salt"]), content, "sha256").hexdigest()
        except (ValueError, KeyError, TypeError):
            raise Broken(f"A text behind the leaves cannot be read: {line[:80]!r}") from None
        is_there = 0 <= position < len(found.leaves)
        if not is_there or json.loads(found.leaves[position]).get("texts", {}).get(field) != shown:
            raise Broken(f"Leaf {position}: its {field} is not the text that it commits to.")


def require_continued(found: Found, note: str) -> int:
    """Whether the log continues a checkpoint that was kept. Returns its size."""
    kept = open_checkpoint(note, found.key, "The checkpoint that was kept")
    if kept.size > found.checkpoint.size:
        raise Broken(
            f"The log was wound back: it had {kept.size} leaves when the checkpoint was kept, and has {found.checkpoint.size}."
        )
    if root_of([leaf_hash(leaf) for leaf in found.leaves[: kept.size]]) != kept.root:
        raise Broken(
            f"The log was forked: its first {kept.size} leaves are not those of the checkpoint that was kept."
        )
    return kept.size


def verify(place: str, key_text: str | None, against: str | None) -> tuple[Found, Books, int | None]:
    """Everything. Raises Broken and Unusable."""
    path = Path(place)
    found = read_export(path, key_text) if path.is_file() else read_log(place, key_text)
    if root_of([leaf_hash(leaf) for leaf in found.leaves]) != found.checkpoint.root:
        where = (
            ""
            if not path.is_file()
            else " An export alone does not tell which; verify the log's folder or address."
        )
        try:
            recompute(found.leaves)
        except Broken as error:
            where = f" {error}"
        raise Broken(
            f"The {len(found.leaves)} leaves do not have the root that was signed: something was changed.{where}"
        )
    kept = require_continued(found, Path(against).read_text(encoding="utf-8")) if against else None
    books = recompute(found.leaves)
    require_texts(found)
    return found, books, kept


def report(found: Found, books: Books, kept: int | None, is_given: bool) -> str:
    """What was verified, in words and totals."""
    lines = [
        f"Log {found.key.name}: {found.checkpoint.size} leaves, {books.entries} entries. The signature, the root, every leaf "
        "and every balance hold.",
        "自登记以来未被改动（不证明登记本身属实）。",
    ]
    if found.texts:
        lines.append(f"{len(found.texts)} published texts are those that the leaves commit to.")
    if kept is not None:
        lines.append(f"It continues the checkpoint of {kept} leaves that was kept.")
    if not is_given:
        lines.append(
            f"The key came from the log itself: {found.key.text}\nCompare it with the one printed on receipts."
        )
    figures = books.figures()
    accounts: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in figures["trial_balance"]:
        sums = accounts[row["fund"], row["account"]]
        sums[0] += row["debit_minor"]
        sums[1] += row["credit_minor"]
    lines.append("Fund  account             debit             credit            balance")
    for (fund, account), (debit, credit) in sorted(accounts.items()):
        lines.append(
            f"{fund:>4}  {account:<7} {yuan(debit):>17} {yuan(credit):>18} {yuan(debit - credit):>18}"
        )
    lines.append("Purpose               held           reserved")
    for row in figures["pools"]:
        held, reserved = yuan(row["held_minor"]), yuan(row["reserved_minor"])
        lines.append(f"{row['earmark']:>7} {held:>18} {reserved:>18}")
    gifts = figures["gifts"]
    total = {
        name: sum(each[name] for each in gifts) for name in ("used_minor", "held_minor", "remaining_minor")
    }
    lines.append(
        f"{len(gifts)} gifts: {yuan(total['used_minor'])} used, {yuan(total['held_minor'])} promised, "
        f"{yuan(total['remaining_minor'])} left. Held in all: {yuan(figures['held_minor'])}."
    )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        description="Verify a whole Sunledger log, and recompute every balance from it."
    )
    parser.add_argument("log", help="an address, a folder, or an exported file")
    parser.add_argument("--key", help="the log's public key as you know it (name+id+key)")
    parser.add_argument("--against", metavar="CHECKPOINT", help="a checkpoint that you kept")
    parser.add_argument("--json", action="store_true", help="print the recomputed figures as JSON")
    given = parser.parse_args(arguments)
    try:
        found, books, kept = verify(given.log, given.key, given.against)
    except Broken as error:
        sys.stderr.write(f"BROKEN: {error}\n")
        return 1
    except (Unusable, OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"Not verified: {error}\n")
        return 2
    if given.json:
        sys.stdout.write(json.dumps({"size": found.checkpoint.size, **books.figures()}, indent=1) + "\n")
    else:
        sys.stdout.write(report(found, books, kept, given.key is not None) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
