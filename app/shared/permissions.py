"""Who may do what: roles, permissions, and the actor that operations are given."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from app.shared.errors import N_, Forbidden


class Role(StrEnum):
    """An office that a person holds for a term, in one fund or in the whole installation."""

    ADMINISTRATOR = "administrator"
    SECRETARY = "secretary"
    CASHIER = "cashier"
    ACCOUNTANT = "accountant"
    CHAIR = "chair"
    COUNCIL = "council"
    SUPERVISOR = "supervisor"
    HOST = "host"
    AUDITOR = "auditor"


COUNCIL_SEATS = frozenset({Role.CHAIR, Role.COUNCIL})
"""Roles that hold a voting seat of the fund council."""

ROLE_NAMES: dict[Role, str] = {
    Role.ADMINISTRATOR: N_("系统管理员"),
    Role.SECRETARY: N_("秘书处"),
    Role.CASHIER: N_("出纳"),
    Role.ACCOUNTANT: N_("会计"),
    Role.CHAIR: N_("理事长"),
    Role.COUNCIL: N_("理事"),
    Role.SUPERVISOR: N_("监督员"),
    Role.HOST: N_("托管机构"),
    Role.AUDITOR: N_("审计"),
}


class Permission(StrEnum):
    """One thing that a route or an operation asks for: scope:act."""

    OFFICE_ENTER = "office:enter"
    BOOKS_READ = "books:read"
    BOOKS_POST = "books:post"
    BOOKS_CORRECT = "books:correct"
    MONEY_MOVE = "money:move"
    PERIOD_CLOSE = "period:close"
    PEOPLE_MANAGE = "people:manage"
    FUND_MANAGE = "fund:manage"
    GIFT_RECORD = "gift:record"
    GIFT_RETURN_DECIDE = "gift:return_decide"
    PERSONAL_READ = "personal:read"
    CONSENT_RECORD = "consent:record"
    SALE_RUN = "sale:run"
    SALE_COUNT = "sale:count"
    DISBURSEMENT_REQUEST = "disbursement:request"
    DISBURSEMENT_READ = "disbursement:read"
    DISBURSEMENT_PAY = "disbursement:pay"
    MATTER_VOTE = "matter:vote"
    MATTER_ENDORSE = "matter:endorse"
    COUNCIL_CONVENE = "council:convene"
    COUNCIL_PROPOSE = "council:propose"
    COUNCIL_SUPERVISE = "council:supervise"
    COUNCIL_COUNTERSIGN = "council:countersign"
    OBJECTION_DISMISS = "objection:dismiss"
    INTEREST_DECLARE = "interest:declare"
    INTEREST_READ = "interest:read"
    INTEREST_RECORD = "interest:record"
    DOCUMENT_ISSUE = "document:issue"
    AUDIT_READ = "audit:read"
    NOTICE_READ = "notice:read"
    JOB_MANAGE = "job:manage"


_READ = {
    Permission.OFFICE_ENTER,
    Permission.BOOKS_READ,
    Permission.DISBURSEMENT_READ,
}
_P = Permission
_MEMBER = frozenset(
    _READ
    | {
        _P.MATTER_VOTE,
        _P.SALE_COUNT,
        _P.DISBURSEMENT_REQUEST,
        _P.COUNCIL_PROPOSE,
        _P.MATTER_ENDORSE,
        _P.INTEREST_DECLARE,
    }
)
ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(
        {
            _P.OFFICE_ENTER,
            _P.PEOPLE_MANAGE,
            _P.FUND_MANAGE,
            _P.AUDIT_READ,
            _P.NOTICE_READ,
            _P.JOB_MANAGE,
        }
    ),
    Role.SECRETARY: frozenset(
        _READ
        | {
            _P.GIFT_RECORD,
            _P.PERSONAL_READ,
            _P.CONSENT_RECORD,
            _P.SALE_RUN,
            _P.SALE_COUNT,
            _P.DISBURSEMENT_REQUEST,
            _P.INTEREST_DECLARE,
            _P.INTEREST_RECORD,
            _P.DOCUMENT_ISSUE,
            _P.NOTICE_READ,
            _P.COUNCIL_CONVENE,
            _P.COUNCIL_PROPOSE,
            _P.MATTER_ENDORSE,
        }
    ),
    Role.CASHIER: frozenset(_READ | {_P.MONEY_MOVE, _P.DISBURSEMENT_PAY, _P.INTEREST_DECLARE, _P.SALE_COUNT}),
    Role.ACCOUNTANT: frozenset(
        _READ
        | {
            _P.BOOKS_POST,
            _P.SALE_COUNT,
            _P.BOOKS_CORRECT,
            _P.PERIOD_CLOSE,
            _P.PERSONAL_READ,
            _P.DOCUMENT_ISSUE,
            _P.GIFT_RECORD,
            _P.INTEREST_DECLARE,
        }
    ),
    Role.CHAIR: frozenset(
        _MEMBER | {_P.COUNCIL_CONVENE, _P.NOTICE_READ, _P.OBJECTION_DISMISS, _P.GIFT_RETURN_DECIDE}
    ),
    Role.COUNCIL: _MEMBER,
    Role.SUPERVISOR: frozenset(
        _READ
        | {
            _P.SALE_COUNT,
            _P.AUDIT_READ,
            _P.PERSONAL_READ,
            _P.INTEREST_DECLARE,
            _P.INTEREST_READ,
            _P.COUNCIL_SUPERVISE,
            _P.OBJECTION_DISMISS,
        }
    ),
    Role.HOST: frozenset(
        _READ | {_P.AUDIT_READ, _P.FUND_MANAGE, _P.COUNCIL_COUNTERSIGN, _P.GIFT_RETURN_DECIDE}
    ),
    Role.AUDITOR: frozenset(_READ | {_P.AUDIT_READ, _P.PERSONAL_READ, _P.INTEREST_READ}),
}


@dataclass(frozen=True, slots=True)
class Office:
    """A role held now. ``fund_id`` None means every fund of the installation."""

    role: Role
    fund_id: int | None
    term_id: int
    seat_number: int | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """The person on whose behalf an operation runs. ``user_id`` None is the installation itself (loading, synthesis)."""

    user_id: int | None
    name: str
    offices: tuple[Office, ...] = field(default=())

    def may(self, permission: Permission, fund_id: int | None = None) -> bool:
        """Whether any office held allows ``permission``; with ``fund_id``, in that fund."""
        return any(
            permission in ROLE_PERMISSIONS[office.role]
            and (fund_id is None or office.fund_id is None or office.fund_id == fund_id)
            for office in self.offices
        )

    def holds(self, role: Role, fund_id: int) -> bool:
        """Whether the actor holds ``role`` in that fund now."""
        return any(office.role == role and office.fund_id in (None, fund_id) for office in self.offices)

    def require(self, permission: Permission, fund_id: int | None = None) -> None:
        """Raise Forbidden unless ``may``."""
        if not self.may(permission, fund_id):
            raise Forbidden(N_("您的岗位没有这项权限"))


SYSTEM = Actor(user_id=None, name="system")
"""Acts of the installation itself; allowed nothing that a permission guards."""
