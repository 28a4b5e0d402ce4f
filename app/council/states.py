"""The words of the council: choices, states of a matter, topics, who decides, who signs. Pure."""

from __future__ import annotations

from app.shared.errors import N_

CHOICES: dict[str, str] = {
    "approve": N_("赞成"),
    "reject": N_("反对"),
    "abstain": N_("弃权"),
    "recuse": N_("回避"),
}
CONFLICTS: dict[str, str] = {
    "employer": N_("任职单位"),
    "organisation": N_("所在组织"),
    "family": N_("亲属关系"),
    "business": N_("经营往来"),
    "self": N_("本人"),
    "submitter": N_("本人提交"),
    "signed": N_("本人签批"),
    "declared": N_("本人申报的利害关系"),
}
"""Why somebody is recused: the kind is published, never a name."""
UNDECIDED = ("open", "endorsing", "referred")
STATUSES: dict[str, str] = {
    "open": N_("表决中"),
    "endorsing": N_("表决通过，待会签"),
    "referred": N_("待托管机构决定"),
    "approved": N_("通过"),
    "rejected": N_("未通过"),
    "lapsed": N_("到期未达法定人数"),
    "voided": N_("内容有改动，表决作废"),
    "withdrawn": N_("已撤回"),
}
TOPICS: dict[str, str] = {
    "spending": N_("用款"),
    "goods": N_("发放物资"),
    "ratification": N_("追认紧急支出"),
    "rules": N_("修改议事规则"),
    "purpose": N_("变更捐款用途"),
    "related_party": N_("与关联方的往来"),
    "ending": N_("终止基金"),
    "other": N_("其他决议"),
}
DECIDERS: dict[str, str] = {
    "officers": N_("负责人签批"),
    "council": N_("理事会表决"),
    "emergency": N_("紧急支出：负责人签批"),
}
ENDORSEMENTS: dict[str, str] = {
    "officer": N_("负责人签批"),
    "opinion": N_("监督员意见"),
    "host": N_("托管机构会签"),
    "host_decision": N_("托管机构决定"),
}
