"""Addresses that lead nowhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.visitor import Visitor


@pytest.mark.parametrize("number", ["999999", str(2**63 - 1), str(2**63), "9" * 60])
@pytest.mark.parametrize(
    "path",
    [
        "/office/donations/{}",
        "/office/goods/{}/confirm",
        "/office/treasury/accounts/{}",
        "/office/donations/{}/money",
    ],
)
def test_number_of_nothing_is_not_found_however_long(
    visit: Callable[..., Visitor], path: str, number: str
) -> None:
    assert visit("accountant").get(path.format(number)).status == 404
