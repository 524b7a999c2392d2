"""Dotted paths: written and read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semblant.settings.path import dotted, split

KEYS = st.lists(st.one_of(st.text(), st.integers(min_value=0, max_value=99)), min_size=1, max_size=5).filter(
    lambda keys: isinstance(keys[0], str)
)


@given(KEYS)
def test_any_keys_come_back_from_their_path(keys: list[str | int]) -> None:
    assert split(dotted(*keys)) == tuple(keys)


def test_a_name_with_dot_or_space_is_quoted() -> None:
    assert dotted("tables", "Order Details", "a.b") == 'tables."Order Details"."a.b"'


@pytest.mark.parametrize("path", ["a..b", ".a", "a.", 'a."b', "a[x]", "a]b", 'a"b"', "a[0]b"])
def test_a_path_that_cannot_be_read_says_where(path: str) -> None:
    with pytest.raises(ValueError, match="character"):
        split(path)
