"""Strings made up in the manner of rare ones: never one of the data, from runs that enough subjects hold."""

from __future__ import annotations

import json
import re
from collections import defaultdict

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semblant_models.tabular.encodings.categorical import Categorical
from semblant_models.tabular.encodings.encoding import Draw, Sample
from semblant_models.tabular.encodings.letters import MOST_LENGTH, ORDER, Letters
from semblant_models.tabular.encodings.outline import outlines

ASCII = st.text("abcd", min_size=1, max_size=6)
UNICODE = st.text("aß漢字😀é", min_size=1, max_size=5)
STRINGS = st.lists(ASCII | UNICODE, min_size=1, max_size=60)


def fitted(values: list[str], subjects: list[int] | None = None, least: int = 2) -> Letters | None:
    array = pa.array(values, pa.large_string())
    who = None if subjects is None else np.array(subjects, np.uint64)
    return Letters.fit(array, who, least=least, guarded=array, salt=3)


def names(rows: int, seed: int = 0) -> list[str]:
    """Give names of three syllables each: far more of them than rows."""
    rng = np.random.default_rng(seed)
    parts = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
    return ["".join(rng.choice(parts, 3)) for _ in range(rows)]


def runs_held(letters: Letters) -> set[str]:
    """Give every run of letters that the model may write, as the string it is; the end is ``$``."""
    shown, found = ["$", "^", *letters.alphabet], set()
    for order, runs in enumerate(letters.runs):
        for place, key in enumerate(runs.keys.tolist()):
            codes = [key // len(shown) ** back % len(shown) for back in range(order)]
            before = "".join(shown[code] for code in reversed(codes))
            found |= {before + shown[code] for code in runs.letters[runs.starts[place] : runs.starts[place + 1]]}
    return found


def holders_of_runs(values: list[str], subjects: list[int]) -> dict[str, set[int]]:
    """Count again, one string after the other."""
    held: dict[str, set[int]] = defaultdict(set)
    for value, who in zip(values, subjects, strict=True):
        written = "^" * ORDER + value + "$"
        for at in range(ORDER, len(written)):
            for order in range(ORDER + 1):
                held[written[at - order : at + 1]].add(who)
    return held


@pytest.mark.feature(244)
@given(values=STRINGS, least=st.integers(1, 4), seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=60)
def test_no_guarded_value_and_no_empty_one_is_ever_made(values: list[str], least: int, seed: int) -> None:
    letters = fitted(values, least=least)
    if letters is not None:
        made = letters.draw(50, np.random.default_rng(seed)).to_pylist()
        assert len(made) == 50
        assert not set(made) & {*values, ""}


@pytest.mark.feature(244)
@given(rows=st.lists(st.tuples(ASCII | UNICODE, st.integers(0, 5)), min_size=1, max_size=60), least=st.integers(1, 4))
@settings(deadline=None, max_examples=60)
def test_every_run_is_held_by_enough_subjects(rows: list[tuple[str, int]], least: int) -> None:
    values, subjects = [value for value, _ in rows], [who for _, who in rows]
    letters = fitted(values, subjects, least)
    held = holders_of_runs(values, subjects)
    if letters is None:
        return
    few = {run for run in runs_held(letters) if len(held[run]) < least}
    assert few == set()
    outlined: dict[int, set[int]] = defaultdict(set)
    for value, who in zip(values, subjects, strict=True):
        outlined[int(outlines(np.array([value]).view(np.uint32).reshape(1, -1))[0])].add(who)
    assert all(len(outlined[outline]) >= least for outline in letters.outlines.tolist())


@pytest.mark.feature(244)
def test_what_one_subject_repeats_is_in_no_run() -> None:
    values = [*names(300), *["xqxqxq"] * 50]
    with_subjects = fitted(values, [*range(300), *[1000] * 50], least=10)
    without = fitted(values, least=10)
    assert with_subjects is not None
    assert without is not None
    assert "x" in without.alphabet
    assert not {"x", "q"} & set(with_subjects.alphabet)
    assert not any({"x", "q"} & set(value) for value in with_subjects.draw(500, np.random.default_rng(0)).to_pylist())


@given(values=STRINGS, seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=30)
def test_what_was_written_as_json_makes_the_same(values: list[str], seed: int) -> None:
    letters = fitted(values)
    if letters is None:
        return
    again = Letters.from_dict(json.loads(json.dumps(letters.to_dict())))
    assert again.to_dict() == letters.to_dict()
    one, other = (made.draw(40, np.random.default_rng(seed)).to_pylist() for made in (letters, again))
    assert one == other


def test_made_names_are_new_and_like_the_others() -> None:
    values = names(2000)
    letters = fitted(values, least=10)
    assert letters is not None
    made = letters.draw(2000, np.random.default_rng(1)).to_pylist()
    assert None not in made
    assert not set(made) & set(values)
    assert len(set(made)) > 800
    assert abs(np.mean([len(name) for name in made]) - 6) < 0.5
    pairs = {value[at : at + 2] for value in values for at in range(5)}
    assert np.mean([name[at : at + 2] in pairs for name in made for at in range(len(name) - 1)]) > 0.95


@pytest.mark.feature(244)
def test_made_names_have_the_words_and_the_letters_of_others() -> None:
    values = [f"{first.title()} {last.title()}" for first, last in zip(names(4000), names(4000, seed=1), strict=True)]
    letters = fitted(values, least=10)
    assert letters is not None
    made = letters.draw(500, np.random.default_rng(1)).to_pylist()
    assert all(re.fullmatch("[A-Z][a-z]+ [A-Z][a-z]+", name) and len(name) == 13 for name in made)


def test_nothing_is_made_where_only_values_of_the_data_could_come_out() -> None:
    letters = fitted(["ab"] * 10)
    assert letters is not None
    made = letters.draw(30, np.random.default_rng(0)).to_pylist()
    assert "ab" not in made
    assert set(made) == {None}


def test_where_no_letter_or_no_whole_string_has_enough_subjects_there_is_no_model() -> None:
    assert fitted(list("abcdefgh"), least=3) is None
    assert fitted(["ax", "ay", "az"], least=3) is None
    assert fitted([], least=1) is None


@pytest.mark.feature(243)
def test_too_long_strings_become_no_empty_ones() -> None:
    values = [*names(500), *("long" * MOST_LENGTH + name for name in names(500, seed=9))]
    letters = fitted(values, list(range(1000)), least=10)
    assert letters is not None
    made = letters.draw(500, np.random.default_rng(0)).to_pylist()
    assert "" not in made
    assert max(map(len, made)) < MOST_LENGTH
    assert fitted(["long" * MOST_LENGTH] * 20) is None


def opened(rare: int, common: int, subjects: np.ndarray | None = None) -> Categorical:
    values = [*["usual"] * common, *["common"] * common, *names(rare)]
    return Categorical.fit(Sample(values=pa.array(values, pa.large_string()), subjects=subjects, column="name"))


@pytest.mark.feature(244)
def test_rare_values_are_drawn_and_made_up_in_an_open_list() -> None:
    column = opened(rare=600, common=200)
    assert column.maker is not None
    assert column.fields[0].blocked == ()
    made = column.decode(np.repeat([[0], [1], [2]], 100, axis=0).astype(np.int32), Draw(rng=np.random.default_rng(0)))
    new, others = made.to_pylist()[:100], made.to_pylist()[100:]
    assert not set(new) & {*names(600), "usual", "common"}
    assert set(others) == {"usual", "common"}
    again = Categorical.from_dict(json.loads(json.dumps(column.to_dict())))
    assert again.decode(np.zeros((50, 1), np.int32), Draw(rng=np.random.default_rng(0))).to_pylist() == (
        column.decode(np.zeros((50, 1), np.int32), Draw(rng=np.random.default_rng(0))).to_pylist()
    )


@pytest.mark.feature(215, 244)
@pytest.mark.parametrize("subjects", [None, np.arange(1400, dtype=np.uint64)], ids=["rows", "subjects"])
def test_rare_codes_of_an_open_list_are_made_in_form(subjects: np.ndarray | None) -> None:
    rng = np.random.default_rng(0)
    rare = [f"{area}{n:03d}" for area, n in zip(rng.choice(["20", "35"], 400), rng.integers(0, 1000, 400), strict=True)]
    values = [*["20000"] * 500, *["35000"] * 500, *rare]
    column = Categorical.fit(
        Sample(values=pa.array(values, pa.large_string()), subjects=subjects, column="postal_code")
    )
    assert column.fields[0].blocked == ()
    column = Categorical.from_dict(json.loads(json.dumps(column.to_dict())))
    made = column.decode(np.zeros((2000, 1), np.int32), Draw(rng=rng)).to_pylist()
    assert all(re.fullmatch("(20|35)[0-9]{3}", code) for code in made)
    assert not set(made) & {*rare} - {"20000", "35000"}
    assert len(set(made)) > 800


@pytest.mark.feature(244)
def test_no_rare_code_comes_out_however_small_their_space_and_many_share_it() -> None:
    held = np.random.default_rng(1).choice(200, 100, replace=False)
    rare = [f"20{n:03d}" for n in held for _ in range(5)]
    values = pa.array([*["20999"] * 500, *rare], pa.large_string())
    column = Categorical.fit(Sample(values=values, column="postal_code"))
    made = column.decode(np.zeros((2000, 1), np.int32), Draw(rng=np.random.default_rng(0))).to_pylist()
    assert not set(made) & set(rare)
    assert len(set(made)) > 50


@pytest.mark.feature(244)
@pytest.mark.parametrize("rare", [20, 40])
def test_rare_values_of_a_closed_list_are_never_drawn_and_replaced(rare: int) -> None:
    column = opened(rare=rare, common=300)  # too few of the rows, or too few values
    assert column.rare
    assert column.maker is None
    assert column.fields[0].blocked == (0,)
    made = column.decode(np.zeros((100, 1), np.int32), Draw(rng=np.random.default_rng(0)))
    assert set(made.to_pylist()) == {"usual", "common"}


@pytest.mark.feature(244)
def test_rare_values_of_one_subject_open_no_list() -> None:
    who = np.r_[np.arange(400), np.full(600, 10**6)].astype(np.uint64)
    column = opened(rare=600, common=200, subjects=who)
    assert column.maker is None
    assert column.fields[0].blocked == (0,)


def test_where_no_new_string_comes_up_a_kept_value_stands() -> None:
    column = opened(rare=600, common=200)
    column.maker = fitted(["ab"] * 10)
    made = column.decode(np.zeros((100, 1), np.int32), Draw(rng=np.random.default_rng(0)))
    assert set(made.to_pylist()) == {"usual", "common"}
