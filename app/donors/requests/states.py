"""The words of donors' requests. Pure."""

from __future__ import annotations

from app.shared.errors import N_

KINDS: dict[str, str] = {
    "question": N_("这对吗？我有疑问"),
    "records": N_("查阅或复制资料"),
    "correction": N_("更正我的信息"),
    "erasure": N_("删除我的信息"),
}
WAYS: dict[str, str] = {"page": N_("网页"), "in_person": N_("当面"), "phone": N_("电话")}
"""How a request came."""
STATES: dict[str, str] = {
    "open": N_("待答复"),
    "answered": N_("已答复"),
    "refused": N_("不能照办，已说明理由"),
    "withdrawn": N_("捐赠人已撤回"),
}
TAGS: dict[str, str] = {"open": "wait", "answered": "ok", "refused": "plain", "withdrawn": "plain"}
"""The colour of a state's tag, the same in the office and for the donor."""
PARTS: dict[str, str] = {
    "statement": N_("捐赠人对账单（PDF 和 CSV）"),
    "receipts": N_("捐赠接收确认单（PDF）"),
    "dossiers": N_("这些捐款用到的每笔支出的公示档案（PDF）"),
    "files": N_("这些支出的公开附件"),
}
"""What a bundle can hold."""
