"""Any value as JSON, and any text made visible."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import json
from pathlib import Path

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semblant.cli.documents import json_text, plain
from semblant.settings import Secret
from semblant.visible import visible


class Colour(enum.Enum):
    RED = "red"


@attrs.frozen
class Thing:
    name: str
    secret: Secret


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (float("nan"), None),
        (float("inf"), None),
        (decimal.Decimal("1.10"), "1.10"),
        (b"\x00\xff", "AP8="),
        (dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC), "2024-02-29T12:00:00+00:00"),
        (dt.time(1, 2), "01:02:00"),
        (dt.timedelta(days=1), "1 day, 0:00:00"),
        (Colour.RED, "red"),
        (Path("a/b"), "a/b"),
        (Thing("x", Secret("env:PASSWORD")), {"name": "x", "secret": "Secret('env:PASSWORD')"}),
        (np.int64(3), 3),
        (np.float64("nan"), None),
        (np.array([1, 2]), [1, 2]),
        ({1: {2}, Colour.RED: None}, {"1": [2], "red": None}),
    ],
)
def test_values_of_ours_become_plain(value, wanted):
    assert plain(value) == wanted


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.decimals() | st.datetimes(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=15,
)


@given(VALUES, st.sampled_from(["utf-8", "ascii", "latin-1"]))
@settings(deadline=None)
def test_a_document_can_always_be_written_and_read(value, encoding):
    text = json_text({"value": value}, encoding=encoding)
    json.loads(text.encode(encoding).decode(encoding))


@given(st.text())
def test_what_is_visible_moves_no_cursor_and_is_one_line(text):
    shown = visible(text)
    assert not any(sign < " " or "\x7f" <= sign <= "\x9f" for sign in shown)
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff\u2028\u2029")
    shown.encode()
    assert len(shown.splitlines()) <= 1


@pytest.mark.parametrize("text", ["顧客 名", "نص عربي", "👩‍👩‍👧 🏳️‍🌈", "naïve façade", "Straße"])
def test_letters_and_emoji_of_all_people_stay(text):
    assert visible(text) == text
