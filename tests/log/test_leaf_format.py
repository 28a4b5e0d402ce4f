"""docs/leaf-v1.md is what the code writes: every kind, its keys, and examples from the real operations, byte for byte."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from app.council.motions.models import Motion
from app.disbursements.models import Disbursement
from app.funds.models import Fund
from app.ledger.structure.models import Earmark, Project
from app.log import rules
from app.log.models import Commitment
from app.log.queries import LeafRow, leaves
from app.log.rules import KINDS, LeafRefused, leaf_bytes, parts_of, require_kind
from app.people.models import User
from app.sales.models import SaleEvent
from app.settings import ROOT
from app.shared.canonical import canonical_bytes
from app.shared.errors import Refused
from tests.log.year import NAMED, PRIVATE, Year

DOCUMENT = ROOT / "docs" / "leaf-v1.md"
_PART = re.compile(r"(<!-- kinds: [^\n]*-->\n).*(<!-- end of kinds -->\n)", re.DOTALL)


def _section(kind: str, examples: list[LeafRow], texts: dict[int, dict[str, str]]) -> str:
    rule = KINDS[kind]
    said = [f"### {kind}\n"]
    keys = ", ".join(f"`{key}`" for key in sorted(rule.required)) or "none of its own"
    maybe = ", ".join(f"`{key}`" for key in sorted(rule.optional))
    fields = ", ".join(f"`{name}` ({who})" for name, who in sorted(rule.texts.items()))
    said.append(
        f"Keys: {keys}." + (f" Perhaps: {maybe}." if maybe else "") + (f" Texts: {fields}." if fields else "")
    )
    for leaf in examples:
        said.append(f"\n```json\n{leaf.body.decode('ascii')}\n```")
        said += [f"- `{name}`: {words}" for name, words in sorted(texts.get(leaf.position, {}).items())]
    return "\n".join(said) + "\n"


def _kinds_as_written(year: Year) -> str:
    by_kind: dict[str, list[LeafRow]] = {}
    for leaf in leaves(year.session):
        by_kind.setdefault(leaf.kind, []).append(leaf)
    texts: dict[int, dict[str, str]] = {}
    for row in year.session.scalars(select(Commitment)):
        texts.setdefault(row.leaf_position, {})[row.field] = row.text
    # The first of each kind; of entries one of each shape.
    chosen = {kind: found[:1] for kind, found in by_kind.items()}
    chosen["entry"] = [_first(by_kind["entry"], key) for key in ("tranche", "movements", "replaces")]
    return "\n".join(_section(kind, chosen.get(kind, []), texts) for kind in KINDS)


def _first(entries: list[LeafRow], key: str) -> LeafRow:
    return next(leaf for leaf in entries if key in json.loads(leaf.body))


def test_document_shows_what_is_written(played: Year) -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    assert _PART.search(document), "the part that this test writes is gone"
    written = _PART.sub(lambda found: f"{found[1]}\n{_kinds_as_written(played)}\n{found[2]}", document)
    if written != document:
        DOCUMENT.write_text(written, encoding="utf-8")
        raise AssertionError(f"{DOCUMENT.name} was written anew: look at the difference, then commit it")


def test_every_kind_with_an_operation_has_an_example(played: Year) -> None:
    written = {leaf.kind for leaf in leaves(played.session)}
    later = {"question", "answer", "period_reopened"}
    assert set(KINDS) - written == later | {"rewind", "continued"}  # those two are tested where they arise


def _strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in _strings(each)] + list(value)
    if isinstance(value, list):
        return [text for each in value for text in _strings(each)]
    return [value] if isinstance(value, str) else []


def test_no_leaf_names_anybody_or_any_address(played: Year) -> None:
    session = played.session
    slugs = {
        slug for model in (Fund, Earmark, Project, SaleEvent) for slug in session.scalars(select(model.slug))
    }
    people = {word for user in session.scalars(select(User)) for word in (user.email, user.name)}
    texts = {text for text in session.scalars(select(Commitment.text)) if len(text) > 3}
    assert slugs >= {"sunlight", "sunlight-road", "autumn-fair"}
    assert {*PRIVATE, NAMED} & texts
    for numbers in (Disbursement.number, Motion.number):  # public, and said openly by the record's own leaf
        texts -= set(session.scalars(select(numbers)))
    forbidden = slugs | people | texts | {*PRIVATE, NAMED, "13800000000"}
    count = 0
    for leaf in leaves(session):
        assert leaf.body.isascii()
        for string in _strings(json.loads(leaf.body)):
            assert string not in forbidden, f"leaf {leaf.position} ({leaf.kind}) says {string}"
            assert not re.search(r"/|@|\s", string), f"leaf {leaf.position} ({leaf.kind}) says {string}"
        assert not any(name in leaf.body.decode() for name in forbidden if len(name) > 8)
        count += 1
    assert count > 80


def test_books_and_log_of_the_year_say_the_same(played: Year) -> None:
    assert played.broken() == []


def test_leaves_read_back_are_of_their_kind(played: Year) -> None:
    for leaf in leaves(played.session):
        body = json.loads(leaf.body)
        require_kind(body)
        assert canonical_bytes(body) == leaf.body
        for wrong in ({**body, "url": "x"}, {**body, "type": "gift"}, {**body, "v": 2}):
            with pytest.raises(LeafRefused):
                require_kind(wrong)


@pytest.mark.parametrize(
    ("kind", "body", "texts"),
    [
        ("gift", {"fund": 1}, {}),
        ("project", {}, {}),
        ("project", {"fund": 1, "slug": "road"}, {}),
        ("project", {"fund": 1}, {"donor": "00"}),
        ("project", {"fund": "阳光基金"}, {}),
    ],
    ids=["unknown kind", "missing key", "unknown key", "unknown text", "a name"],
)
def test_what_the_document_does_not_know_is_refused(
    kind: str, body: dict[str, Any], texts: dict[str, str]
) -> None:
    with pytest.raises(LeafRefused):
        leaf_bytes(kind, 1, 1, body, texts)


def test_amounts_that_are_not_whole_are_refused() -> None:
    for wrong in (1.5, 1e16, float("nan"), 2**53):
        with pytest.raises(TypeError):
            leaf_bytes("project", 1, 1, {"fund": wrong}, {})


def test_leaf_that_a_bundle_cannot_carry_is_refused_in_words() -> None:
    with pytest.raises(Refused) as refusal:
        leaf_bytes("proof_of_use", 1, 1, {"proof": 1, "used": ["0" * 64] * 1000}, {})
    assert "65535" in str(refusal.value)


def test_long_lists_go_on_in_further_leaves() -> None:
    holds = [[number, 100] for number in range(1, 2 * rules.MOST_PARTS + 2)]
    first, rest = parts_of({"amount": 1, "holds": holds})
    assert first["continued"] == len(rest) == 2
    assert first["holds"] + rest[0]["holds"] + rest[1]["holds"] == holds
    assert [each["part"] for each in rest] == [1, 2]
    short = {"amount": 1, "holds": holds[: rules.MOST_PARTS]}
    assert parts_of(short) == (short, [])
    longest = [[10**9, "withdraw", 10**13, False, 10**9]] * rules.MOST_PARTS
    entry = dict.fromkeys(KINDS["entry"].required, 0) | {"movements": longest}
    assert len(leaf_bytes("entry", 1, 1, entry, {})) < rules.MOST_LEAF_BYTES


def test_commitment_is_the_documented_hmac() -> None:
    # printf 'party\0张三' | openssl dgst -sha256 -mac HMAC -macopt hexkey:00…
    expected = "7400a979bb2f0dead44637257686887bd173d2770d3e93e08e07f30ef73a7589"
    assert rules.commitment(bytes(32), "party", "张三") == expected
    assert rules.commitment(bytes(32), "party", "e\u0301") == rules.commitment(bytes(32), "party", "\u00e9")
    assert rules.commitment(bytes(32), "memo", "张三") != expected


def test_salts_are_random_and_one_for_each_field(engine_year: Engine) -> None:
    with Year(engine_year, Path("unused")).session as session:
        salts = list(session.scalars(select(Commitment.salt)))
    assert len(salts) > 5
    assert len(set(salts)) == len(salts)
    assert {len(salt) for salt in salts} == {32}
