"""Patterned strings: of a form of the data, true to their shares, and not real where that tells of somebody."""

from __future__ import annotations

import json
import re
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semblant.training import ColumnPlan
from semblant.vocabulary import EncodingType
from semblant_models.tabular.encodings import Draw, Encoding, encoding_from_dict, fit_encoding

_QUICK = settings(max_examples=30, deadline=None)


def fitted(texts: list[str | None], *, least: int = 10, subjects: np.ndarray | None = None) -> Encoding:
    values = pa.array(texts, pa.large_string())
    plan = ColumnPlan(name="code", type=values.type, encoding=EncodingType.PATTERN)
    made = fit_encoding(plan, values, subjects, least)
    return encoding_from_dict(json.loads(json.dumps(made.to_dict())))


def again(encoding: Encoding, texts: list[str | None], seed: int = 0) -> list[str | None]:
    tokens = encoding.encode(pa.array(texts, pa.large_string()))
    out: list[str | None] = encoding.decode(tokens, Draw(rng=np.random.default_rng(seed))).to_pylist()
    return out


def postal_codes(rows: int = 3000, seed: int = 0) -> list[str | None]:
    rng = np.random.default_rng(seed)
    town = rng.choice(["00", "20", "35", "80"], rows, p=[0.4, 0.3, 0.2, 0.1])
    return [f"{t}{n:03d}" for t, n in zip(town, np.floor(rng.random(rows) ** 2 * 200).astype(int), strict=True)]


@pytest.mark.feature(215)
def test_a_small_space_of_codes_keeps_its_shares() -> None:
    real = postal_codes()
    out = again(fitted(real), real)
    top = {value for value, _ in Counter(real).most_common(20)}
    shares = [Counter(v if v in top else "other" for v in texts) for texts in (real, out)]
    distance = sum(abs(shares[0][v] - shares[1][v]) for v in {*top, "other"}) / 2 / len(real)
    assert distance < 0.03
    assert all(re.fullmatch("(00|20|35|80)[01][0-9]{2}", text or "") for text in out)


@pytest.mark.feature(215, 244)
def test_where_codes_belong_to_one_subject_each_no_real_one_comes_out_however_small_their_space() -> None:
    numbers = np.random.default_rng(0).choice(10_000, 6000, replace=False)
    real: list[str | None] = [f"K-{n:04d}" for n in numbers]
    out = again(fitted(real), real)
    assert not set(out) & set(real)
    assert all(re.fullmatch("K-[0-9]{4}", text or "") for text in out)


@pytest.mark.feature(215)
def test_an_ending_that_many_share_comes_out_whole() -> None:
    rng = np.random.default_rng(0)
    domains = rng.choice(["example.com", "example.org", "example.net"], 2000, p=[0.5, 0.3, 0.2])
    local = ["".join(rng.choice([*"abdeilmnorst"], 5)) for _ in domains]
    real: list[str | None] = [f"{name}@{domain}" for name, domain in zip(local, domains, strict=True)]
    out = again(fitted(real), real)
    assert all(re.fullmatch("[a-z]{5}@example[.](com|org|net)", text or "") for text in out)
    made = Counter((text or "").partition("@")[2] for text in out)
    assert all(
        abs(made[domain] / 2000 - share) < 0.04 for domain, share in (("example.com", 0.5), ("example.org", 0.3))
    )


@pytest.mark.feature(215, 244)
def test_a_code_that_one_subject_holds_in_fifty_rows_is_no_whole_value() -> None:
    real = postal_codes()
    subjects = np.concatenate([np.arange(3000), np.full(50, 9999)]).astype(np.uint64)
    state = json.dumps(fitted([*real, *["99999"] * 50], subjects=subjects).to_dict())
    assert "99999" not in state
    assert "99999" in json.dumps(fitted([*real, *["99999"] * 50]).to_dict())


def test_one_common_value_among_rare_ones_without_a_usual_beginning() -> None:
    """A beginning of no kind is asked for where the guard stands back, and here there is none to choose from."""
    real: list[str | None] = [*["AA0000"] * 12, *(f"{pair}{n:04d}" for n, pair in enumerate(["BC", "DE", "FG"]))]
    out = again(fitted(real), real)
    assert all(re.fullmatch("[A-Z]{2}[0-9]{4}", text or "") for text in out)
    assert "AA0000" in out


_FORMS = st.sampled_from([r"[A-Z]{2}[0-9]{4}", r"[0-9]{3}-[0-9]{2}", r"[a-z]{3}@[a-z]{2}\.it", r"\+39 [0-9]{5}"])


@given(_FORMS, st.data(), st.integers(1, 12))
@_QUICK
def test_strings_of_any_of_these_forms_come_out_in_form_and_missing_ones_stay_missing(
    form: str, data: st.DataObject, least: int
) -> None:
    value = st.from_regex(re.compile(form, re.ASCII), fullmatch=True)
    real = data.draw(st.lists(st.one_of(st.none(), value), min_size=1, max_size=60))
    if sum(text is not None for text in real) < least:
        return
    out = again(fitted(real, least=least), real)
    assert [text is None for text in out] == [text is None for text in real]
    assert all(text is None or re.fullmatch(form, text, re.ASCII) for text in out)


def test_whole_values_are_held_by_enough_and_come_back_exactly() -> None:
    real: list[str | None] = [*["AA-1"] * 40, *["BB-2"] * 20, *(f"CC-{i % 10}" for i in range(30))]
    made = fitted(real, least=10)
    out = again(made, real)
    assert out[:60] == real[:60]
    assert made.to_dict()["forms"]["forms"][0]["whole"] == ("AA-1", "BB-2")
    assert pc.all(pc.match_substring_regex(pa.array(out), "^[A-Z]{2}-[0-9]$")).as_py()
