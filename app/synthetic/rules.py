"""Made-up gifts and requests, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from app.donations.rules import DonationDraft
from app.parties.operations import PartyDraft
from app.parties.rules import ConsentDraft

FIRST_DAY = date(2020, 1, 6)
DAYS = 2000
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂兰梅建国志华文玲"
_TRADES = ("建筑", "商贸", "物流", "餐饮", "能源", "农业", "环保", "信息", "医药", "教育")
_FORMS = ("有限公司", "合作社", "商行", "集团", "学校", "协会")
_PLACES = ("金龙", "金华", "胜利", "友谊", "昆仑", "天山", "银河", "南林", "北站", "东郊")
PURPOSES = ("孤寡老人慰问", "儿童图书角", "困难家庭助学", "社区体育场维修", "冬季取暖补助", "康复器材")
_METHODS = ("bank", "bank", "wechat", "wechat", "wechat", "alipay", "cash")
_SHARE_OF_ORGANISATIONS = 0.15


@dataclass(frozen=True, slots=True)
class Synthetic:
    """The ids that made-up gifts refer to."""

    fund_id: int
    earmarks: tuple[int, ...]
    accounts: dict[str, int]


def gifts(count: int, seed: int, fund: Synthetic) -> Iterator[DonationDraft]:
    """``count`` gifts of money, their days rising over several years; most of persons, some of organisations."""
    chance = random.Random(seed)  # noqa: S311 the same gifts for the same seed
    for index in range(count):
        method = chance.choice(_METHODS)
        earmark = fund.earmarks[0] if chance.random() < 0.85 else chance.choice(fund.earmarks)
        yield DonationDraft(
            fund_id=fund.fund_id,
            received_on=FIRST_DAY + timedelta(days=index * DAYS // max(count, 1)),
            method=method,
            donor=_donor(chance),
            earmark_id=earmark,
            amount_minor=chance.choice(
                (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, chance.randint(100, 500_000))
            ),
            money_account_id=fund.accounts[method],
            memo=chance.choice(("", "", "", "月捐", "周年纪念", "替孩子捐")),
        )


def _donor(chance: random.Random) -> PartyDraft:
    if chance.random() < _SHARE_OF_ORGANISATIONS:
        name = chance.choice(_PLACES) + chance.choice(_TRADES) + chance.choice(_FORMS)
        return PartyDraft("organisation", name, ConsentDraft("named", "合成数据"))
    name = chance.choice(_SURNAMES) + "".join(chance.choices(_GIVEN, k=2))
    consent = ConsentDraft("named", "合成数据", "合成数据") if chance.random() < 0.2 else None
    return PartyDraft("person", name, consent)
