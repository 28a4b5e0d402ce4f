"""A version of the rules as a file, which another fund (or this one) can read in again."""

from __future__ import annotations

import json
from typing import Any

from app.council.rulebook.queries import Rules
from app.council.rulebook.rules import Rulebook, as_data, read_data
from app.shared.errors import N_, Refused

FORMAT = "sunledger-rules-1"
MAX_BYTES = 64 * 1024


def file_name(number: int) -> str:
    """What the file is called: the number of the version, no name of anybody."""
    return f"rules-{number}.json"


def rules_file(version: Rules) -> str:
    """The JSON of one version, with its number, hash and the day it came into force. Amounts are whole fen."""
    body: dict[str, Any] = {
        "format": FORMAT,
        "number": version.number,
        "sha256": version.sha256,
        "in_force_at": version.in_force_at.strftime("%Y-%m-%dT%H:%M:%SZ") if version.in_force_at else None,
        "rules": as_data(version.book),
    }
    return json.dumps(body, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def read_rules_file(content: bytes) -> Rulebook:
    """The rulebook in an exported file, sound or not. Raises Refused, naming the field ``file``, for any other file."""
    if len(content) > MAX_BYTES:
        raise Refused(N_("这个文件太大，不是议事规则的导出文件"), field="file")
    try:
        body = json.loads(content.decode("utf-8-sig"))
        if not isinstance(body, dict):
            raise ValueError
        return read_data(body.get("rules", body))
    except (ValueError, RecursionError, Refused) as error:
        raise Refused(N_("这不是议事规则的导出文件（JSON）"), field="file") from error
