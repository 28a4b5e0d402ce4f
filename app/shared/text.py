"""Text as people write it: normal form, search tokens, masked names."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]+")
_RUN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]+|[^\W_]+")


def normal(text: str) -> str:
    """NFC, line ends as \\n, outer spaces gone: what is stored and committed to."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


@lru_cache(maxsize=1)
def _simplifier():  # type: ignore[no-untyped-def]
    from opencc import OpenCC

    return OpenCC("t2s")


@lru_cache(maxsize=16_384)
def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _simplifier().convert(folded) if _HAN.search(folded) else folded


def folded(text: str) -> str:
    """For comparing: compatibility form, no capitals, Traditional characters as Simplified ("捐贈人" → "捐赠人")."""
    return _folded(text)


def search_tokens(text: str) -> list[str]:
    """Tokens of ``text`` for the search index: Han runs as overlapping pairs plus the last character, other runs whole.

    Traditional characters are folded to Simplified, so that 帳篷 finds 帐篷.
    """
    tokens: list[str] = []
    for run in _RUN.findall(_folded(text)):
        if _HAN.match(run):
            tokens.extend(run[index : index + 2] for index in range(len(run) - 1))
            tokens.append(run[-1])
        else:
            tokens.append(run)
    return tokens


def search_phrases(query: str) -> list[list[str]]:
    """The query as phrases of tokens, every one of which must occur. A single Han character is a prefix ("救")."""
    phrases: list[list[str]] = []
    for run in _RUN.findall(_folded(query))[:12]:
        if _HAN.match(run):
            pairs = [run[index : index + 2] for index in range(len(run) - 1)]
            phrases.append(pairs if pairs else [run])
        else:
            phrases.append([run])
    return phrases
