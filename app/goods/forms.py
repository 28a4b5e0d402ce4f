"""Forms about goods in stock."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms.validators import Length, Optional
from wtforms.widgets import TextArea

from app.goods.rules import PLACE_MAX
from app.goods.states import CATEGORIES, CONDITIONS
from app.web.forms import ChoiceField, DateField, FileField, Form, Given, TextField


class ValuationForm(Form):
    """What the value of goods rests on."""

    basis = TextField(
        _("估值依据"),
        [Given(), Length(max=1000)],
        widget=TextArea(),
        description=_("例如：商户当日售价每个 3.00 元；附有发票；参考同类二手物品价格"),
    )


class GoodsForm(Form):
    """What the office says of goods in stock, beside their value."""

    category = ChoiceField(
        _("类别"), [Optional()], choices=[(each, _(name)) for each, name in CATEGORIES.items()]
    )
    condition = ChoiceField(
        _("成色"), [Optional()], choices=[(each, _(name)) for each, name in CONDITIONS.items()]
    )
    expires_on = DateField(_("有效期至"), [Optional()], past=False)
    place = TextField(
        _("存放地点"),
        [Optional(), Length(max=PLACE_MAX)],
        description=_("整批一起移动；新的地点直接写名字"),
    )


class PhotoForm(Form):
    """One more photograph of goods."""

    photo = FileField(_("照片"), [Given()], description=_("会公开显示：只拍物资，不要拍到人脸、姓名和电话"))
