"""How a party is named in public."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from app.shared import clock
from app.shared.errors import N_, Refused

KINDS: dict[str, str] = {
    "person": N_("个人"),
    "sole_trader": N_("商户"),
    "organisation": N_("单位"),
    "unnamed": N_("不具名"),
}
MASKS: dict[str, str] = {"person": "爱心居民", "sole_trader": "爱心商户", "organisation": "爱心单位"}


WISHES: dict[str, str] = {
    "named": N_("同意公开姓名"),
    "alias": N_("用自己起的称呼"),
    "masked": N_("只公开姓（如“王**”）"),
    "not_named": N_("不公开姓名"),
}
"""What a donor may say about being named, from the most to the least that is shown."""

LONGEST_ALIAS = 40
LONGEST_GUARDIAN = 200
_NATURAL = ("person", "sole_trader")


@dataclass(frozen=True, slots=True)
class ConsentDraft:
    """What a party said about being named: ``wish`` (a key of WISHES), how it was said, and the evidence of it.

    ``display_name`` is the name that an alias shows; ``given_on`` the day it was said. ``is_minor``: the donor is under 14,
    and ``guardian`` (true name, and what they are to the child) agreed for it: PIPL Art. 28 and 31, Law on the Protection of
    Minors Art. 72.
    """

    wish: str
    how: str
    evidence: str = ""
    display_name: str = ""
    given_on: date | None = None
    is_minor: bool = False
    guardian: str = ""


def public_name(kind: str, name: str, consent: ConsentDraft | None) -> str:
    """The name that the public reads.

    An organisation is named when it said so (its 公开 in a register suffices), and never masked. A person or sole trader is
    shown by name, by a chosen name or by surname only on consent with evidence: publishing personal information needs
    separate consent (PIPL Art. 25, Charity Law Art. 82), a surname beside a gift is personal information too, and a tick in
    a register is a claim. A child under 14 needs the guardian's word beside it. An unnamed donor shows the label it was
    recorded under.
    """
    if kind == "unnamed":
        return name
    if consent is None or consent.wish == "not_named" or not _may_be_followed(kind, consent):
        return MASKS[kind]
    if consent.wish == "named":
        return name
    if consent.wish == "alias":
        return consent.display_name.strip() or MASKS[kind]
    return (masked(name) if kind in _NATURAL else None) or MASKS[kind]


def _may_be_followed(kind: str, consent: ConsentDraft) -> bool:
    if kind == "organisation":
        return True
    if consent.is_minor and not consent.guardian.strip():
        return False
    return bool(consent.evidence.strip())


def waits_for_evidence(kind: str, consent: ConsentDraft | None) -> bool:
    """Whether a wish to be shown was claimed but cannot be followed until evidence is recorded."""
    return (
        consent is not None
        and consent.wish != "not_named"
        and kind in _NATURAL
        and not _may_be_followed(kind, consent)
    )


def wishes_of(kind: str, name: str) -> tuple[str, ...]:
    """What a party of this kind and name may say: an organisation is never masked, nor a name of one letter."""
    return tuple(
        each for each in WISHES if each != "masked" or (kind in _NATURAL and masked(name) is not None)
    )


_COMPOUND_SURNAMES = frozenset(
    "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠 公孙 慕容 "
    "仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 公西 颛孙 壤驷 公良 漆雕 乐正 宰父 谷梁 拓跋 夹谷 轩辕 令狐 "
    "段干 百里 呼延 东郭 南门 羊舌 微生 梁丘 左丘 东门 西门 南荣 第五 歐陽 諸葛 司馬 東方 長孫 皇甫 尉遲 赫連 慕容".split()
)
_HAN_ONLY = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]+")


def masked(name: str) -> str | None:
    """A natural person's name with only its beginning to be read: 王**, 欧阳**, 古** (古丽·买买提), J** (John Smith).

    A compound surname stays whole. A name in parts (·, spaces) has no surname in front, so its first letter alone is left.
    The stars say nothing about the length. None for a name of one letter: nothing of it could be hidden.
    """
    words = name.strip()
    if len(words) < 2:
        return None
    if len(words) > 2 and words[:2] in _COMPOUND_SURNAMES and _HAN_ONLY.fullmatch(words):
        return f"{words[:2]}**"
    return f"{words[0]}**"


_LIKE_AN_ORGANISATION = re.compile(
    r"(公司|集团|基金会|慈善会|红十字会|协会|学会|商会|联合会|委员会|居委会|村委会|街道办|办事处|政府|法院|检察院|公安局|派出所|"
    r"民政局|银行|学校|医院|幼儿园|党支部|党委|Ltd\.?|Inc\.?|Foundation|Association)$",
    re.IGNORECASE,
)


def refuse_wrong_consent(kind: str, name: str, draft: ConsentDraft) -> None:
    """Raise Refused, beside its field, for a wish that nobody can follow: unknown, without how it was said, an alias without
    words or with those of an organisation, an organisation that would be masked, a child without its guardian."""
    if draft.wish not in WISHES:
        raise Refused(N_("请选择公开或不公开"), field="wish")
    if not draft.how.strip():
        raise Refused(N_("请写明何时、以什么方式表示的"), field="how")
    if draft.given_on is not None and draft.given_on > clock.today():
        raise Refused(N_("表示的日期在未来，请核对"), field="given_on")
    if draft.wish == "masked" and kind == "organisation":
        raise Refused(N_("单位的名称不能只公开一部分；请选择公开、用称呼或不公开"), field="wish")
    if draft.wish == "masked" and masked(name) is None:
        raise Refused(N_("只有一个字的姓名不能再隐去；请选择别的方式"), field="wish")
    if draft.wish == "alias":
        _refuse_wrong_alias(kind, draft.display_name.strip())
    if draft.is_minor and draft.wish != "not_named":
        if not draft.guardian.strip():
            raise Refused(N_("不满十四周岁的捐赠人，要由监护人同意；请写明监护人"), field="guardian")
        if not draft.evidence.strip():
            raise Refused(N_("监护人的同意要有证明"), field="evidence")
    if len(draft.guardian) > LONGEST_GUARDIAN:
        raise Refused(N_("监护人最多 %(longest)s 个字"), field="guardian", longest=LONGEST_GUARDIAN)


def _refuse_wrong_alias(kind: str, alias: str) -> None:
    if not alias:
        raise Refused(N_("请填写公开显示的称呼"), field="display_name")
    if len(alias) > LONGEST_ALIAS:
        raise Refused(N_("称呼最多 %(longest)s 个字"), field="display_name", longest=LONGEST_ALIAS)
    if not alias.isprintable() or not any(each.isalnum() for each in alias):
        raise Refused(N_("称呼要写成一行文字"), field="display_name")
    if kind != "organisation" and _LIKE_AN_ORGANISATION.search(alias):
        raise Refused(N_("称呼不能像一个单位的名称"), field="display_name")


_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


def email_in(contact: str) -> str | None:
    """The first e-mail address in a contact as the office typed it ("139… / a@b.cn"), in small letters; None without one."""
    found = _EMAIL.search(contact)
    return found.group().lower() if found else None
