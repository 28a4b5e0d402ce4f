"""Changing the own password."""

from collections.abc import Callable

import pytest

from tests.factories import PASSWORD
from tests.visitor import Seen, Visitor

Visit = Callable[..., Visitor]
PAGE = "/office/me/password"
NEW = "一句很长又好记的话 2026"


def _change(visitor: Visitor, current: str = PASSWORD, new: str = NEW, again: str | None = None) -> Seen:
    return visitor.submit(
        PAGE, {"current_password": current, "new_password": new, "again": new if again is None else again}
    )


def _can_sign_in(visit: Visit, password: str) -> bool:
    answer = visit().submit("/office/sign-in", {"email": "cashier@example.org", "password": password})
    return answer.status == 303


def test_new_password_counts_and_the_old_one_does_not(visit: Visit) -> None:
    assert _change(visit("cashier")).status == 303
    assert _can_sign_in(visit, NEW)
    assert not _can_sign_in(visit, PASSWORD)


def test_other_browsers_are_signed_out_and_this_one_is_not(visit: Visit) -> None:
    here, other = visit("cashier"), visit("cashier")
    _change(here)
    assert here.get("/office/").status == 200
    assert other.get("/office/").status == 302


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"current": "not it"}, "current_password", "现在的密码不对"),
        ({"new": "short"}, "new_password", "密码至少 8 个字符"),
        ({"new": "aaaaaaaaaaaa"}, "new_password", "这个密码太容易被猜到，请换一个"),
        ({"new": "Password123"}, "new_password", "这个密码太容易被猜到，请换一个"),
        ({"new": "cashier@example.org"}, "new_password", "这个密码太容易被猜到，请换一个"),
        ({"new": PASSWORD}, "new_password", "新密码不能和现在的相同"),
        ({"again": "something else"}, "again", "两次填写的内容不一致"),
        ({"new": "x" * 201, "again": "x" * 201}, "new_password", "最多 200 个字"),
    ],
)
def test_bad_input_is_refused_beside_its_field(
    visit: Visit, typed: dict[str, str], field: str, sentence: str
) -> None:
    answer = _change(visit("cashier"), **typed)
    assert answer.status == 422
    assert answer.error_at(field) == sentence
    assert PASSWORD not in answer.html
    assert _can_sign_in(visit, PASSWORD)
