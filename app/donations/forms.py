"""Forms by which the office records gifts."""

from __future__ import annotations

import re

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.datastructures import FileStorage
from wtforms import BooleanField, Field, FieldList, FormField, IntegerField
from wtforms.validators import Length, NumberRange, Optional, StopValidation
from wtforms.widgets import TextArea

from app.donations.rules import MAX_PIECES, METHODS, DonationDraft
from app.files.operations import read_upload
from app.goods.operations import GoodsDraft
from app.goods.rules import PLACE_MAX
from app.goods.states import CATEGORIES, CONDITIONS
from app.parties.operations import PartyDraft
from app.parties.rules import KINDS, LONGEST_ALIAS, LONGEST_GUARDIAN, WISHES, ConsentDraft
from app.shared.errors import N_
from app.web.forms import (
    ChoiceField,
    DateField,
    FileField,
    Given,
    GivenIf,
    LineForm,
    MoneyField,
    OnceForm,
    RadioField,
    TextField,
)

NEW_EARMARK = "new"
MAX_LINES = 60
_LINE_FIELD = re.compile(r"goods-(\d+)-(\w+)")
_LARGEST_ID = 2**63 - 1


def row_id(text: str) -> int:
    """The id of a record as a form sends it. Raises ValueError for what no database holds."""
    value = int(text)
    if not 0 < value <= _LARGEST_ID:
        raise ValueError
    return value


def contact_field() -> TextField:
    """How to reach a donor."""
    return TextField(
        _("联系方式"), [Optional(), Length(max=200)], description=_("加密保存，只给有权限的人看，不会公开")
    )


def alias_field() -> TextField:
    """The name that a donor chose to be shown by."""
    return TextField(
        _("公开显示的称呼"),
        [Optional(), Length(max=LONGEST_ALIAS)],
        description=_("只在选“用自己起的称呼”时填写；不能是别人或单位的名称"),
    )


def minor_field() -> BooleanField:
    """Whether the donor is a child for whom a guardian speaks."""
    return BooleanField(_("捐赠人不满十四周岁"))


def guardian_field() -> TextField:
    """The guardian who agreed for a child."""
    return TextField(
        _("监护人"),
        [Optional(), Length(max=LONGEST_GUARDIAN)],
        description=_("姓名和关系，例如“父亲某某”；加密保存，不会公开"),
    )


class GiftForm(OnceForm):
    """What money and goods have in common: whose gift it is, when it came, what goes with it."""

    donor_search = TextField(_("从以前的捐赠人里找"), [Length(max=200)], description=_("姓名或名称的一部分"))
    party = RadioField(_("捐赠人"), coerce=row_id)
    donor_kind = ChoiceField(
        _("类型"), [GivenIf()], choices=[(kind, _(name)) for kind, name in KINDS.items()]
    )
    donor = TextField(_("姓名或名称"), [GivenIf(), Length(max=200)])
    contact = contact_field()
    consent_wish = ChoiceField(_("公开意愿"), choices=[(wish, _(text)) for wish, text in WISHES.items()])
    consent_how = TextField(
        _("何时、以什么方式表示"), [GivenIf(), Length(max=200)], description=_("例如：捐赠当天在登记表上签字")
    )
    consent_evidence = TextField(
        _("证明"), [Optional(), Length(max=1000)], description=_("例如：签字登记表第 3 页；没有可以不填")
    )
    consent_display_name = alias_field()
    consent_given_on = DateField(_("表示的日期"), [Optional()], past=True)
    consent_is_minor = minor_field()
    consent_guardian = guardian_field()
    received_on = DateField(_("收到日期"), [Given()])
    earmark = ChoiceField(_("用途"), [Given()], blank=False)
    wish = TextField(
        _("捐赠人的心愿"), [Optional(), Length(max=500)], description=_("原话；不改变用途，例如“希望义卖”")
    )
    receipt_number = TextField(
        _("财政票据号码"),
        [Optional(), Length(max=60)],
        description=_("托管机构已经开具的捐赠票据的号码，会公开显示；还没开就不填"),
    )
    agreement_number = TextField(_("捐赠协议编号"), [Optional(), Length(max=60)])
    memo = TextField(
        _("备注"), [Optional(), Length(max=2000)], widget=TextArea(), description=_("只在办公页面显示")
    )

    def needs(self, name: str) -> bool:
        """Whether a field must be filled in: those of a new donor, and how a consent was given."""
        if name in ("donor", "donor_kind"):
            return self.party.data is None
        if name == "consent_how":
            return self.party.data is None and bool(self.consent_wish.data)
        return False

    @property
    def asks_for_donors(self) -> bool:
        """Whether the form was sent by the Enter key of the search: words to find, and nobody chosen or named."""
        return bool(self.donor_search.data) and self.party.data is None and not self.donor.data

    @property
    def donor_draft(self) -> PartyDraft | int:
        """The donor chosen, or the new one."""
        if self.party.data is not None:
            return int(self.party.data)
        consent = None
        if self.consent_wish.data:
            consent = ConsentDraft(
                self.consent_wish.data,
                self.consent_how.data or "",
                self.consent_evidence.data or "",
                self.consent_display_name.data or "",
                self.consent_given_on.data,
                bool(self.consent_is_minor.data),
                self.consent_guardian.data or "",
            )
        return PartyDraft(self.donor_kind.data or "", self.donor.data or "", consent, self.contact.data or "")

    @property
    def is_for_new_purpose(self) -> bool:
        """Whether the donor named a purpose for which there is no earmark yet."""
        return bool(self.earmark.data == NEW_EARMARK)

    def fill(self, draft: DonationDraft) -> DonationDraft:
        """Put what both kinds of gift have in common into ``draft``."""
        draft.wish = self.wish.data or ""
        draft.memo = self.memo.data or ""
        draft.receipt_number = self.receipt_number.data or ""
        draft.agreement_number = self.agreement_number.data or ""
        draft.idempotency_key = self.once.data
        return draft


class MoneyGiftForm(GiftForm):
    """A gift of money."""

    amount = MoneyField(_("金额"), [Given()])
    method = ChoiceField(_("捐赠方式"), [Given()])
    account = ChoiceField(
        _("收款账户"), coerce=row_id, description=_("不选时按捐赠方式记入该方式的第一个账户")
    )
    name = TextField(
        _("新用途的名称"),
        [GivenIf(), Length(max=200)],
        description=_("捐赠人指定的用途，例如“门前道路修缮”；会公开显示"),
    )
    slug = TextField(
        _("新用途的网址标识"),
        [Optional(), Length(max=80)],
        description=_("小写字母、数字和连字符；用在公开网址里，以后不能改"),
    )
    at_event = BooleanField(_("在募捐活动（晚会）现场收到"))

    def needs(self, name: str) -> bool:
        """A new purpose needs its name."""
        return self.is_for_new_purpose if name == "name" else super().needs(name)

    def draft(self, fund_id: int) -> DonationDraft:
        """The gift as the operation takes it. A new purpose has no earmark yet: its id is 0."""
        return self.fill(
            DonationDraft(
                fund_id=fund_id,
                received_on=self.received_on.data,  # type: ignore[arg-type] # Given
                method=self.method.data,
                donor=self.donor_draft,
                earmark_id=0 if self.is_for_new_purpose else int(self.earmark.data),
                amount_minor=self.amount.data or 0,
                money_account_id=self.account.data,
                at_event=bool(self.at_event.data),
            )
        )


class GoodsLineForm(LineForm):
    """One kind of goods. A line left wholly empty is no line."""

    item = TextField(_("物资名称"), [GivenIf(), Length(max=120)])
    quantity = IntegerField(_("数量"), [GivenIf(), NumberRange(1, MAX_PIECES)])
    unit = TextField(_("计量单位"), [GivenIf(), Length(max=20)])
    value = MoneyField(_("估值合计"), [GivenIf()])
    basis = TextField(_("估值依据"), [Optional(), Length(max=1000)])
    category = ChoiceField(
        _("类别"), [Optional()], choices=[(each, _(name)) for each, name in CATEGORIES.items()]
    )
    condition = ChoiceField(
        _("成色"), [Optional()], choices=[(each, _(name)) for each, name in CONDITIONS.items()]
    )
    expires_on = DateField(_("有效期至"), [Optional()], past=False)
    place = TextField(_("存放地点"), [Optional(), Length(max=PLACE_MAX)])
    photo = FileField(_("照片"), [Optional()])

    @property
    def is_blank(self) -> bool:
        """A line without goods: what else is said of them says nothing then, so that a line is emptied by its first row."""
        main = (self.item, self.quantity, self.unit, self.value, self.basis)
        typed = any(str(each).strip() for field in main for each in field.raw_data or [field.data or ""])
        return not typed and not self.photo.data

    @property
    def says_more(self) -> bool:
        """Whether anything beyond the first row of the line was said, or is wrong."""
        more = (self.category, self.condition, self.expires_on, self.place, self.photo)
        return any(field.data or field.errors for field in more)

    def needs(self, name: str) -> bool:
        """A line that was begun needs all but its basis."""
        return not self.is_blank

    @property
    def draft(self) -> GoodsDraft:
        """The line as the operation takes it."""
        basis = self.basis.data or ""
        return GoodsDraft(
            item=self.item.data or "",
            quantity=self.quantity.data or 0,
            unit=self.unit.data or "",
            value_minor=self.value.data or 0,
            basis=basis,
            basis_is_confirmed=bool(basis),
            category=self.category.data or "",
            condition=self.condition.data or "",
            expires_on=self.expires_on.data,
            place=self.place.data or "",
        )


class GoodsLinesForm(OnceForm):
    """The lines of a gift in kind."""

    takes_photographs = False

    goods = FieldList(FormField(GoodsLineForm), label=_("物资明细"), min_entries=1, max_entries=MAX_LINES)

    @property
    def filled(self) -> list[GoodsLineForm]:
        """The lines that were filled in."""
        return [entry.form for entry in self.goods if not entry.form.is_blank]

    @property
    def lines(self) -> list[GoodsDraft]:
        """The goods of the lines that were filled in."""
        return [form.draft for form in self.filled]

    def photographs(self) -> dict[int, tuple[str, bytes]]:
        """(name, content) of the pictures chosen, by the place of their line in ``lines``. Call it once: it closes them."""
        found = {}
        for place, form in enumerate(self.filled):
            file = form.photo.data
            if isinstance(file, FileStorage) and file.filename:
                found[place] = (file.filename, read_upload(file.stream))
                file.close()
        return found

    def ask_for_photographs_again(self) -> None:
        """A browser never fills a file in again: say so beside each line of a refused form in which one was chosen."""
        for form in self.filled if self.is_refused else ():
            if form.photo.data:
                sentence = gettext(
                    N_("表单还没有保存，请重新选择文件：%(names)s"), names=form.photo.data.filename
                )
                form.photo.errors = [*form.photo.errors, sentence]

    def add_error(self, name: str | None, sentence: str) -> None:
        """Operations count the lines that were filled in; empty lines between them stay where they are on the page."""
        found = _LINE_FIELD.fullmatch(name or "")
        if found is not None:
            places = [place for place, entry in enumerate(self.goods) if not entry.form.is_blank]
            name = f"goods-{places[int(found[1])]}-{found[2]}"
        super().add_error(name, sentence)

    def add_line(self) -> None:
        """One more empty line, as long as there is room."""
        if len(self.goods) < MAX_LINES:
            self.goods.append_entry()

    def validate_goods(self, _field: Field) -> None:
        """A gift in kind has at least one line."""
        if not self.lines:
            raise StopValidation(gettext(N_("请至少填写一种物资")))


class GoodsGiftForm(GoodsLinesForm, GiftForm):
    """A gift in kind, line by line."""

    takes_photographs = True

    def draft(self, fund_id: int) -> DonationDraft:
        """The gift as the operation takes it."""
        return self.fill(
            DonationDraft(
                fund_id=fund_id,
                received_on=self.received_on.data,  # type: ignore[arg-type] # Given
                method="goods",
                donor=self.donor_draft,
                earmark_id=int(self.earmark.data),
                goods=self.lines,
            )
        )


MONEY_METHODS = {method: name for method, name in METHODS.items() if method != "goods"}
