"""The words in an office's columns, and names that name nobody."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.shared.errors import Refused
from app.sheets.vocabulary import (
    Source,
    donor_kind_of,
    is_unnamed_label,
    is_unrestricted,
    is_way_of_giving,
    method_of,
    money_account_kind_of,
    sale_mode_of,
    source_of,
)


def each(words: dict[str | None, str]) -> list[tuple[str, str | None]]:
    """Every word with what it stands for; words are separated by |."""
    return [(word, meaning) for meaning, joined in words.items() for word in joined.split("|")]


@pytest.mark.parametrize(
    ("text", "kind"),
    each(
        {
            "organisation": "单位|企业|公司|事业单位|Company",
            "sole_trader": "商户|个体|个体工商户",
            "person": "个人|居民| 个 人 ",
            "unnamed": "匿名",
            None: "",
        }
    ),
)
def test_kinds_of_donors(text: str, kind: str | None) -> None:
    assert donor_kind_of(text) == kind


@pytest.mark.parametrize(
    ("text", "method"),
    each(
        {
            "bank": "银行转账|转账|对公转账|汇款|支票|POS机|bank transfer",
            "cash": "现金|Cash",
            "wechat": "微信|微信转账|微信支付|WeChat Pay",
            "alipay": "支付宝|支付宝转账",
            "goods": "实物|物资|in kind",
            "box": "募捐箱|捐款箱",
            None: "捐款|",
        }
    ),
)
def test_ways_of_payment(text: str, method: str | None) -> None:
    assert method_of(text) == method


@pytest.mark.parametrize(
    ("text", "mode"),
    [("义卖", "fixed_price"), ("义拍", "auction"), ("现场竞拍", "auction"), ("募捐箱", "box"), ("", None)],
)
def test_ways_of_selling(text: str, mode: str | None) -> None:
    assert sale_mode_of(text) == mode


@pytest.mark.parametrize(
    ("text", "kind"),
    each(
        {
            "bank": "银行|工行基本户|建行1234",
            "cash": "现金|库存现金",
            "wechat": "微信|微信零钱",
            "alipay": "支付宝",
        }
    ),
)
def test_kinds_of_money_accounts(text: str, kind: str) -> None:
    assert money_account_kind_of(text) == kind


@pytest.mark.parametrize(
    ("read", "text", "sentence"),
    [
        (donor_kind_of, "外星人", "不认识捐赠人类型“外星人”，请写 单位、商户、个人 或 匿名"),
        (method_of, "扫码", "不认识方式“扫码”，请写 银行转账、现金、微信、支付宝、实物 或 募捐箱"),
        (method_of, "现金+实物", "“现金+实物”写了几种方式，请分成几行，每行写清金额"),
        (method_of, "微信/支付宝", "“微信/支付宝”写了几种方式，请分成几行，每行写清金额"),
        (sale_mode_of, "赠送", "不认识方式“赠送”，请写 义卖、义拍 或 募捐箱"),
        (sale_mode_of, "义卖义拍", "不认识方式“义卖义拍”，请写 义卖、义拍 或 募捐箱"),
        (money_account_kind_of, "实物", "不认识账户“实物”，请写 银行、现金、微信 或 支付宝"),
        (money_account_kind_of, "", "不认识账户“”，请写 银行、现金、微信 或 支付宝"),
    ],
)
def test_words_that_are_not_known_are_refused_and_quoted(
    read: Callable[[str], object], text: str, sentence: str
) -> None:
    with pytest.raises(Refused) as caught:
        read(text)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    "name",
    (
        "爱心居民|辖区职工|某商户|匿名|热心市民|无名氏|佚名|爱心人士|爱心人士A|爱心居民1|社区志愿者|现场居民|某先生|"
        "某爱心企业|一位不愿透露姓名的市民|不愿透露姓名的爱心人士|匿名捐赠者|全体职工|爱心企业|居民代表|热心网友|爱心商家2家|"
        "王某|王某某|李*明|张**|王女士|欧阳先生|anonymous|Anonymous donor|a friend|（匿名）| 爱心 居民 |无|"
    ).split("|"),
)
def test_labels_that_name_nobody(name: str) -> None:
    assert is_unnamed_label(name)


@pytest.mark.parametrize(
    "name",
    (
        "张三|李建国|欧阳锋|中国石油克拉玛依石化有限责任公司|新疆三为城市生态环境科技服务有限公司|友好社区馕店|爱心超市|"
        "东门超市|阳光公司|金龙镇全体职工|本社区居民王芳|张三先生|志愿者服务队|沙河小学|Harbour Trading Co.|"
        "Kind Company|John Smith|张阿姨|李书记|王老师"
    ).split("|"),
)
def test_names_that_name_somebody(name: str) -> None:
    assert not is_unnamed_label(name)


@pytest.mark.parametrize(
    "purpose",
    [
        "义卖",
        "义拍",
        "晚会",
        "慈善晚会",
        "义卖、义拍",
        "慈善义卖活动",
        "用于义卖",
        "2023年慈善晚会",
        "现场拍卖",
        "爱心义卖物资",
    ],
)
def test_ways_of_giving_are_no_earmarks(purpose: str) -> None:
    assert is_way_of_giving(purpose)


@pytest.mark.parametrize(
    "purpose", ["", "助学", "义卖所得用于修路", "义卖款助学", "金龙体育馆门前破损路面修缮", "晚会后助老"]
)
def test_a_use_of_the_money_is_not_a_way_of_giving(purpose: str) -> None:
    assert not is_way_of_giving(purpose)


@pytest.mark.parametrize(
    "purpose",
    ["", "非定向", "不限", "不限用途", "无", "无指定", "由基金统筹安排", "/", "Unrestricted", "n/a"],
)
def test_purposes_that_leave_the_use_to_the_fund(purpose: str) -> None:
    assert is_unrestricted(purpose)


@pytest.mark.parametrize("purpose", ["助学", "无障碍设施", "没有水的村打井", "定向捐赠", "义卖"])
def test_purposes_that_do_not(purpose: str) -> None:
    assert not is_unrestricted(purpose)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("定向捐赠(中国石油克拉玛依石化有限责任公司)", Source(True, "中国石油克拉玛依石化有限责任公司")),
        ("定向捐赠（助学）", Source(True, "助学")),
        ("定向：助学", Source(True, "助学")),
        ("定向捐赠", Source(True, "")),
        ("非定向", Source(False, "")),
        ("非限定性资金", Source(False, "")),
        ("", Source(None, "")),
        ("晚会收入", Source(None, "晚会收入")),
    ],
)
def test_where_a_request_wants_its_money_from(text: str, source: Source) -> None:
    assert source_of(text) == source
