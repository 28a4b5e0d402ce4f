"""The catalogues of translations: `translations.py update` writes them, `translations.py check` judges them.

The source text is Simplified Chinese, so zh_Hans has no catalogue. English is written by people. Traditional Chinese
is made here: by OpenCC (s2twp), except for the phrases in zh_Hant.glossary.tsv, which OpenCC does not get right.
"""

import re
import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import opencc
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "app" / "translations"
GLOSSARY = FOLDER / "zh_Hant.glossary.tsv"
LOCALES = ("en", "zh_Hant")

KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "lazy_ngettext": (1, 2), "N_": None}
METHODS = [("app/**.py", "python"), ("templates/**", "jinja2")]
OPTIONS = {"templates/**": {"trimmed": "true", "silent": "false"}}

PLACEHOLDER = re.compile(r"%\((\w+)\)[a-z]")
HAN = re.compile(r"[\u3400-\u9fff]")
# Words that stay as they are in every language: the name, and what an office writes in the cells of its workbooks.
KEPT = re.compile(
    r"阳光账本|陽光賬本|陽光帳本|每份含|非定向|定向捐赠|爱心居民|爱心商户|爱心单位|某商户|匿名|银行转账|银行|现金|微信|支付宝|实物|"
    r"义卖|义拍|募捐箱|单位|商户|个人|不公开|公开|馕 300个|鞋子 6双|(?<=write )是(?= or 否)|(?<=or )否|(?<=as )件"
)


def extracted() -> Catalog:
    """Return what the code and the templates ask to have translated."""
    catalog = Catalog(project="Sunledger", fuzzy=False)
    for top in ("app", "templates"):
        found = extract_from_dir(
            ROOT / top,
            method_map=[(pattern.removeprefix(f"{top}/"), method) for pattern, method in METHODS],
            options_map={pattern.removeprefix(f"{top}/"): options for pattern, options in OPTIONS.items()},
            keywords=KEYWORDS,
            comment_tags=("Translators:",),
            strip_comment_tags=True,
        )
        for path, line, message, comments, context in found:
            catalog.add(message, None, [(f"{top}/{path}", line)], auto_comments=comments, context=context)
    return catalog


def path_of(locale: str) -> Path:
    """Return where the catalogue of `locale` is kept."""
    return FOLDER / locale / "LC_MESSAGES" / "messages.po"


def read(locale: str) -> Catalog:
    """Return the catalogue of `locale`, empty when there is none yet."""
    path = path_of(locale)
    if not path.exists():
        return Catalog(
            locale=locale,
            project="Sunledger",
            version="0",
            header_comment="# Translations of Sunledger's texts. `make translations` keeps them up to date.",
            msgid_bugs_address="none",
            last_translator="The authors of Sunledger",
            language_team=locale,
            revision_date=datetime.now(UTC),
            fuzzy=False,
        )
    with path.open("rb") as file:
        return read_po(file, locale=locale)


@cache
def glossary() -> dict[str, str]:
    """Return Simplified phrase -> Traditional phrase, where OpenCC chooses another."""
    lines = GLOSSARY.read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t") for line in lines if line and not line.startswith("#"))


@cache
def _phrases() -> re.Pattern[str]:
    return re.compile("(" + "|".join(map(re.escape, sorted(glossary(), key=len, reverse=True))) + ")")


@cache
def _opencc() -> opencc.OpenCC:
    return opencc.OpenCC("s2twp")


def traditional(text: str) -> str:
    """Return `text` in Traditional Chinese."""
    pieces = _phrases().split(text)
    return "".join(glossary().get(piece) or _opencc().convert(piece) for piece in pieces)


def update() -> None:
    """Bring every catalogue up to what is extracted: new messages come in empty, forgotten ones go."""
    template = extracted()
    for locale in LOCALES:
        catalog = read(locale)
        catalog.update(template, no_fuzzy_matching=True, update_creation_date=False)
        catalog.obsolete.clear()
        if locale == "zh_Hant":
            for message in catalog:
                if message.id:
                    message.string = _in_traditional(message)
        path = path_of(locale)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalog, width=120, sort_output=True, omit_header=False, include_lineno=False)
        empty = sum(1 for message in catalog if message.id and not _complete(message))
        print(f"{locale}: {len(catalog)} messages, {empty} without a translation")


def problems() -> list[str]:
    """Return what is wrong with the catalogues, one sentence each."""
    wanted = extracted()
    found = []
    for locale in LOCALES:
        catalog = read(locale)
        for message in wanted:
            if not message.id:
                continue
            known = catalog.get(message.id, message.context)
            if known is None or not _complete(known):
                found.append(f"{locale}: no translation of {_first(message.id)!r}")
            elif known.fuzzy:
                found.append(f"{locale}: the translation of {_first(message.id)!r} is marked as unsure")
            else:
                found += [f"{locale}: {problem}" for problem in _wrong(locale, known)]
        for message in catalog:
            if message.id and wanted.get(message.id, message.context) is None:
                found.append(f"{locale}: nothing uses {_first(message.id)!r} any more")
    return found


def _wrong(locale: str, message: Message) -> list[str]:
    ids, strings = _all(message.id), _all(message.string)
    said = f"{strings[0]!r} for {ids[0]!r}"
    # A plural form may leave the number out ("one gift"), but no form may name what is not given.
    given = set(PLACEHOLDER.findall(" ".join(ids)))
    used = [set(PLACEHOLDER.findall(string)) for string in strings]
    if any(names - given for names in used) or used[-1] != given:
        return [f"other placeholders in {said}"]
    if locale == "zh_Hant" and message.string != _in_traditional(message):
        return [f"not what `make translations` writes: {said}"]
    if locale == "en" and any(HAN.search(KEPT.sub("", string)) for string in strings):
        return [f"Chinese left in {said}"]
    return []


def _in_traditional(message: Message) -> str | tuple[str, ...]:
    text = traditional(_first(message.id))
    return (text,) if message.pluralizable else text


def _complete(message: Message) -> bool:
    return all(_all(message.string))


def _all(text: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (text or "",) if text is None or isinstance(text, str) else tuple(text)


def _first(text: str | list[str] | tuple[str, ...]) -> str:
    return _all(text)[0]


def main(command: str) -> int:
    """Run `update` or `check`; return the exit status."""
    if command == "update":
        update()
        return 0
    found = problems()
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
