"""The words that offices put in the columns of a register, and what they stand for."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from app.shared.errors import N_, Refused
from app.sheets.cells import half_width

DonorKind = Literal["organisation", "sole_trader", "person", "unnamed"]
Method = Literal["bank", "cash", "wechat", "alipay", "goods", "box"]
SaleMode = Literal["fixed_price", "auction", "box"]

_DONOR_KINDS: dict[DonorKind, frozenset[str]] = {
    "organisation": frozenset(
        "单位 企业 公司 机构 组织 社会组织 社会团体 社团 机关 事业单位 国企 国有企业 民企 民营企业 企事业单位 "
        "爱心企业 爱心单位 法人 团体 集体 学校 医院 协会 商会 党支部 党组织 基金会 合作社 有限公司 组织机构 "
        "organisation organization company institution legalperson association".split()
    ),
    "sole_trader": frozenset(
        "商户 个体 个体户 个体工商户 个体商户 店铺 商铺 商家 店 爱心商户 "
        "soletrader shop trader merchant selfemployed".split()
    ),
    "person": frozenset(
        "个人 自然人 居民 市民 群众 职工 员工 党员 志愿者 干部 学生 家庭 村民 爱心人士 个人捐赠 "
        "person individual resident family".split()
    ),
    "unnamed": frozenset("匿名 匿名者 匿名人士 不具名 不记名 未具名 anonymous unnamed unknown".split()),
}
_METHODS: dict[Method, re.Pattern[str]] = {
    "wechat": re.compile(r"微信|wechat|weixin"),
    "alipay": re.compile(r"支付宝|alipay"),
    "box": re.compile(r"募捐箱|捐款箱|爱心箱|功德箱|donationbox|collectionbox|^box$"),
    "goods": re.compile(r"实物|物资|物品|捐物|以物|inkind|^goods$|^items?$"),
    "cash": re.compile(r"现金|现款|cash"),
    "bank": re.compile(
        r"银行|转账|转帐|汇款|电汇|网银|对公|支票|刷卡|pos机?|银联|bank|transfer|wire|cheque|check"
    ),
}
# 微信转账 is WeChat: what only the way of moving money says gives way to who moves it.
_WEAK_BANK = re.compile(r"转账|转帐|transfer")
_MONEY_OF_UNKNOWN_WAY = frozenset("捐款 资金 货币 善款 现金或转账 款 钱 货币资金 资金捐赠 money".split())
_SALE_MODES: tuple[tuple[SaleMode, re.Pattern[str]], ...] = (
    ("box", re.compile(r"募捐箱|捐款箱|爱心箱|box")),
    ("auction", re.compile(r"义拍|拍卖|竞拍|竞价|auction|bid")),
    ("fixed_price", re.compile(r"义卖|定价|零售|出售|销售|fixedprice|sale|shop")),
)

_GROUP = (
    "居民|市民|村民|群众|人士|热心人|好心人|爱心人|有心人|职工|员工|干部|党员|志愿者|义工|商户|商家|商铺|店铺|企业|单位|公司|机构|网友|业主|住户|家庭|团队|朋友|同学|"
    "师生|老师|教师|家长|学生|老人|老党员|退休职工|退役军人|青年|妇女|儿童|小朋友|来宾|嘉宾|观众|顾客|买家|路人|过路人|捐赠人|捐款人|捐赠者|先生|女士|小姐|同志|代表"
)
_WHO = (
    "爱心|热心|好心|辖区|本辖区|社区|本社区|小区|本小区|街道|本街道|镇|本镇|村|本村|现场|部分|全体|多名|多位|多个|众|众多|若干|各|各界|社会|社会各界|在场|路过|参会|"
    "某|一|一名|一位|一个|某位|某名|某个|某家|一家|两名|两位|几名|几位|其他|其余|广大|无名|不知名|未知"
)
_UNNAMED = re.compile(
    r"^(?:匿名.{0,4}|隐名|无名氏?|佚名|不具名|未具名|不记名|未署名|不署名|未留名|不留名|没留名|未留姓名|不详|未知|无|保密|"
    r"(?:一[位名个]|某[位名]?)?不愿?意?(?:透露姓名|留名|具名|署名)(?:的.{1,8})?|散客|零星|零散捐款|现场捐款|募捐箱|捐款箱|"
    rf"(?:{_WHO})*(?:{_GROUP}){{1,2}}(?:们|若干|多人|\d+[人名位家户]|[a-z]|[甲乙丙丁戊]|[一二三四五六七八九十]|\d+)?)$"
)
_MASKED = re.compile(r"^[\u3400-\u9fff]{1,2}(?:某{1,2}|[*×xX○〇]{1,3}[\u3400-\u9fff]?)$|^[*×○]+$")
# Salutations only: 李书记 or 张阿姨 is one person to everybody who lives there, and is masked as a person.
_SURNAME_ONLY = re.compile(
    r"^(?:[\u3400-\u9fff]|欧阳|司马|上官|诸葛|夏侯|皇甫|尉迟|公孙|慕容|令狐|东方|端木)(?:先生|女士|小姐|同志)$"
)
_ENGLISH_UNNAMED = re.compile(
    r"^(?:an? )?(?:anonymous|unnamed|unknown|nameless|kind|caring|local)?"
    r"(?: ?(?:donor|giver|person|resident|citizen|friend|shop|merchant|well-wisher)s?)?$"
)
_WAY_WORDS = re.compile(
    r"(?:慈善|公益|爱心|现场|社区|基金|用于|作|为|通过|参加|\d{4}年?|迎新春|迎新|迎春|中秋|春节|新春|元旦|重阳|国庆)*"
    r"(?:义卖|义拍|拍卖|竞拍|义演|义展|义赛|晚会|募捐箱|募捐|筹款|义集|集市|市集|捐款箱|捐赠仪式|捐款仪式)"
    r"(?:活动|会|晚会|专场|物品|物资|现场|用品|拍品|使用|所用|用|等)*"
)
_WAY_JOINTS = re.compile(r"[、，,;；/和及与+\s]+")
_UNRESTRICTED = re.compile(
    r"^(?:非定向.{0,4}|不定向.{0,4}|未定向|非限定性?.{0,4}|不限定?.{0,4}|无限定|未指定.{0,4}|不指定.{0,4}|无指定.{0,4}|未限定.{0,4}|无|没有|无要求|不限|"
    r"由?基金.{0,3}(?:安排|统筹|使用).{0,4}|统筹.{0,4}|[-—/]+|unrestricted|none|no|n/?a|any|general)$"
)
_RESTRICTED = re.compile(r"^(?:定向|限定性?|指定)(?:捐赠|捐款|资金|用途)?\s*[(:：]?\s*(?P<name>.*?)\s*\)?$")


class Source(NamedTuple):
    """Where a request wants its money from: restricted or not (None: not said), and what is named beside it."""

    restricted: bool | None
    name: str


def donor_kind_of(text: str) -> DonorKind | None:
    """单位 → organisation, 商户 → sole_trader, 个人 → person, 匿名 → unnamed; None when nothing is written.

    Raises Refused for another word.
    """
    word = _word(text)
    if not word:
        return None
    for kind, words in _DONOR_KINDS.items():
        if word in words:
            return kind
    raise Refused(N_("不认识捐赠人类型“%(seen)s”，请写 单位、商户、个人 或 匿名"), seen=text.strip()[:40])


def method_of(text: str) -> Method | None:
    """银行转账 → bank, 现金 → cash, 微信转账 → wechat, 支付宝 → alipay, 实物 → goods, 募捐箱 → box.

    None when nothing is written, or only that it was money. Raises Refused for another word, and for two ways in one
    cell, whose amounts must stand in rows of their own.
    """
    word = _word(text)
    if not word or word in _MONEY_OF_UNKNOWN_WAY:
        return None
    found = [method for method, pattern in _METHODS.items() if pattern.search(word)]
    if "bank" in found and len(found) > 1 and not _METHODS["bank"].search(_WEAK_BANK.sub("", word)):
        found.remove("bank")
    if len(found) > 1:
        raise Refused(N_("“%(seen)s”写了几种方式，请分成几行，每行写清金额"), seen=text.strip()[:40])
    if not found:
        raise Refused(
            N_("不认识方式“%(seen)s”，请写 银行转账、现金、微信、支付宝、实物 或 募捐箱"),
            seen=text.strip()[:40],
        )
    return found[0]


def money_account_kind_of(text: str) -> Literal["bank", "cash", "wechat", "alipay"]:
    """The kind of money account that a name means: 银行, 工行账户 → bank, 现金 → cash. Raises Refused for another word."""
    word = _word(text)
    if re.search(r"[工农中建交邮招]行|信用社|存款|账户\d|基本户|专户", word):
        return "bank"
    kind = method_of(text)
    if kind is None or kind == "goods" or kind == "box":
        raise Refused(N_("不认识账户“%(seen)s”，请写 银行、现金、微信 或 支付宝"), seen=text.strip()[:40])
    return kind


def sale_mode_of(text: str) -> SaleMode | None:
    """义卖 → fixed_price, 义拍 → auction, 募捐箱 → box; None when nothing is written. Raises Refused for another word."""
    word = _word(text)
    if not word:
        return None
    found = [mode for mode, pattern in _SALE_MODES if pattern.search(word)]
    if len(found) != 1:
        raise Refused(N_("不认识方式“%(seen)s”，请写 义卖、义拍 或 募捐箱"), seen=text.strip()[:40])
    return found[0]


def is_unnamed_label(name: str) -> bool:
    """Whether a donor's name names nobody: 爱心居民, 某商户, 匿名, 无名氏, 王某, 王女士.

    Two gifts under such a label may come from two givers: each opens a donor of its own.
    """
    word = _word(name)
    if not word:
        return True
    spaced = " ".join(half_width(name).casefold().split())
    return bool(
        _UNNAMED.match(word)
        or _MASKED.match(word)
        or _SURNAME_ONLY.match(word)
        or (spaced.isascii() and _ENGLISH_UNNAMED.match(spaced))
    )


def is_way_of_giving(purpose: str) -> bool:
    """Whether what stands under 指定用途 only says how a gift becomes money (义卖, 义拍, 慈善晚会), and earmarks nothing.

    “义卖所得用于修路” names a use and is an earmark.
    """
    words = [word for word in _WAY_JOINTS.split(half_width(purpose)) if word]
    return bool(words) and all(_WAY_WORDS.fullmatch(word) for word in words)


def is_unrestricted(purpose: str) -> bool:
    """Whether what stands under 指定用途 or 资金来源 leaves the use to the fund: nothing, 非定向, 不限, 无."""
    return not purpose.strip() or bool(_UNRESTRICTED.match(_word(purpose)))


def source_of(text: str) -> Source:
    """定向捐赠(某公司) → restricted, 某公司; 非定向 → unrestricted; blank or other text → not said, with the text."""
    plain = half_width(text)
    if not plain:
        return Source(None, "")
    if is_unrestricted(plain):
        return Source(False, "")
    match = _RESTRICTED.match(plain)
    if match:
        return Source(True, match.group("name"))
    return Source(None, plain)


def _word(text: str) -> str:
    return re.sub(r"[\s。._\-()（）]", "", half_width(text)).casefold()
