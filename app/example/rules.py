"""What the example fund is made of: its cast, its days, and what the workbooks do not say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from app.council.rules import Tally, quorum_of
from app.shared.errors import N_
from app.shared.permissions import Role

WORKBOOKS = Path(__file__).resolve().parent / "jinlong-2023"
DONATIONS, SALES, DISBURSEMENTS, TRANSFERS = (
    "捐赠登记表.xlsx",
    "慈善晚会义卖义拍登记表.xlsx",
    "拨付申请表.xlsx",
    "资金划转登记表.xlsx",
)

HOST_NAME = "××慈善会"
FUND_SLUG = "yimi-yangguang"
FUND_NAME = "“一米阳光”社区慈善基金"
DESCRIPTION = "2023 年由金龙镇街道发起，归集居民、企业和商户的善款与物资，用在辖区需要的地方。每笔支出由基金理事会表决。"
NOTICE = N_("示例数据：两笔单位捐赠、晚会总额与修路用途来自公开报道，其余均为演示所设")
FOUNDED_ON = date(2023, 9, 1)
ROAD = "金龙体育馆门前破损路面修缮"
ROAD_SLUG = "road"

DEMO_PASSWORD = "sunledger-example"  # noqa: S105 - printed for everybody, and only in development
SEATS = 7
# Seven seats, five make the quorum; six came, one recused, five were in favour.
TALLY = Tally(SEATS, quorum_of(SEATS), approve=5, recuse=1)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the cast. No real person is meant."""

    key: str
    name: str
    role: Role
    seat: int | None = None

    @property
    def email(self) -> str:
        """An address that nobody can have."""
        return f"{self.key}@{FUND_SLUG}.example"


CAST: tuple[Person, ...] = (
    Person("administrator", "示例系统管理员", Role.ADMINISTRATOR),
    Person("secretary", "示例秘书", Role.SECRETARY),
    Person("cashier", "示例出纳", Role.CASHIER),
    Person("accountant", "示例会计", Role.ACCOUNTANT),
    Person("chair", "示例理事长", Role.CHAIR, 1),
    Person("council2", "示例理事二", Role.COUNCIL, 2),
    Person("council3", "示例理事三", Role.COUNCIL, 3),
    Person("council4", "示例理事四", Role.COUNCIL, 4),
    Person("council5", "示例理事五", Role.COUNCIL, 5),
    Person("council6", "示例理事六", Role.COUNCIL, 6),
    Person("council7", "示例理事七", Role.COUNCIL, 7),
    Person("supervisor", "示例监督员", Role.SUPERVISOR),
    Person("host", "示例托管机构", Role.HOST),
    Person("auditor", "示例审计", Role.AUDITOR),
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the workbooks do not say about a request: its kind, when the council decided, when and how it was paid."""

    number: str
    spending_kind: str
    decided_on: date
    paid_on: date
    voucher_number: str


# In the order in which they were paid.
DECISIONS: tuple[Decision, ...] = (
    Decision("2023-02", "goods_purchase", date(2023, 11, 7), date(2023, 11, 15), "银付-0015"),
    Decision("2023-01", "project_works", date(2023, 10, 16), date(2023, 11, 20), "银付-0016"),
)

ANSWERS: tuple[tuple[str, str], ...] = (
    (
        "A1",
        N_("登记表第 3 至 8 号的指定用途“义卖”只说明物资怎样变成钱，不限定钱的用途：物资和所得都是非限定"),
    ),
    ("A2", N_("“馕(十个装)”一份 10 个，“商户优惠券(五张)”一份 5 张（工作簿的“每份含”已写明）")),
    ("A3", N_("“儿童图书(套装)”一套 12 册（工作簿的“每份含”已写明）")),
    ("A4", N_("登记表第 7 号的 300.00 元按 15 件平摊：衣帽 14 件 280.00 元，手工围巾 1 条 20.00 元")),
    ("A5", N_("每件物资的账面价值是登记价值除以数量")),
    ("A6", N_("优惠券按面值 400.00 元入账，估值待确认")),
    ("A7", N_("第 5、7、8 号没有写估值依据：按登记价值入账，估值待确认")),
    ("A8", N_("晚会的现金 625.00 元和微信 1,050.00 元在 2023-09-29 存入银行，手续费 0.00 元")),
    ("A9", N_("冬季慰问 2023-11-15 付款，路面修缮 2023-11-20 付款，各一次付清，都从银行账户支付")),
    ("A10", N_("两笔付款当天即验收或发放，直接计入业务活动成本")),
    ("A11", N_("修路款是限定性捐赠收入，不是受托代理：捐赠人定了用途，没有定施工单位")),
    ("A12", N_("拍品的全部所得计入商品销售收入，成交价高于公允价值的部分也在内；税费 0.00 元")),
)
"""What the workbooks leave open, as the loader answers it."""
