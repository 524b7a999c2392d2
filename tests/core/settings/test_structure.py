"""Plain data to settings objects: every fault at once, nothing coerced."""

from __future__ import annotations

import enum
import math
import pathlib
from typing import TYPE_CHECKING, Any, Literal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semblant.errors import ConfigError, PluginError
from semblant.settings import AUTO, Auto, Secret, setting
from semblant.settings.structure import structure, unstructure
from semblant.spec.model import GenerationSpec, ReportSpec, TableSpec
from semblant.spec.training import ModelSpec, PrivacySpec, TrainingSettings

if TYPE_CHECKING:
    from collections.abc import Mapping


class Colour(enum.StrEnum):
    RED = "red"
    GREEN = "green"


@attrs.frozen(kw_only=True)
class Inner:
    depth: int = setting(1, help="how deep", ge=1, le=9)


@attrs.frozen(kw_only=True)
class Outer:
    rows: int = setting(help="how many rows", ge=1)
    ratio: float | Auto = setting(AUTO, help="a share", gt=0, lt=1)
    name: str | None = setting(None, help="a name")
    colour: Colour = setting(Colour.RED, help="a colour")
    columns: tuple[str, ...] = setting((), help="columns")
    pair: tuple[int, str] = setting((1, "a"), help="two things")
    inner: Inner = setting(help="inside", factory=Inner)
    inners: Mapping[str, Inner] = setting(help="by name", factory=dict)
    password: Secret | None = setting(None, help="a password")
    folder: pathlib.Path | None = setting(None, help="a folder")
    mode: str = setting("a", help="a mode", choices=("a", "b"))
    flag: bool = setting(False, help="yes or no")
    level: Literal[1, 2, "high"] = setting(1, help="a level")
    anything: Any = setting(None, help="whatever")


def faults(data: Any, cls: type = Outer, path: str = "") -> list[tuple[str, str]]:
    made, found = structure(cls, data, path)
    assert (made is None) == bool(found)
    return [(finding.path, finding.code) for finding in found]


def made(data: Any) -> Outer:
    outer, found = structure(Outer, data)
    assert outer is not None, found
    return outer


def test_good_data_of_every_kind_become_an_object() -> None:
    outer = made(
        {
            "rows": 3,
            "ratio": 0.5,
            "name": "x",
            "colour": "green",
            "columns": ["a", "b"],
            "pair": [2, "b"],
            "inner": {"depth": 2},
            "inners": {"k": {"depth": 3}, "empty": None},
            "password": "env:PASSWORD",
            "folder": "/tmp",
            "mode": "b",
            "flag": True,
            "level": "high",
            "anything": {"deep": [1]},
        }
    )
    assert outer == Outer(
        rows=3,
        ratio=0.5,
        name="x",
        colour=Colour.GREEN,
        columns=("a", "b"),
        pair=(2, "b"),
        inner=Inner(depth=2),
        inners={"k": Inner(depth=3), "empty": Inner()},
        password=Secret("env:PASSWORD"),
        folder=pathlib.Path("/tmp"),
        mode="b",
        flag=True,
        level="high",
        anything={"deep": [1]},
    )


def test_every_fault_is_told_at_once_with_its_path() -> None:
    found = faults(
        {
            "ratio": 2,
            "colour": "gren",
            "columns": ["a", 3],
            "pair": [1],
            "inner": {"dept": 1, "depth": 10},
            "inners": {"a b": {"depth": "deep"}},
            "password": "hunter2",
            "mode": "c",
            "flag": "yes",
            "level": 3,
            "extra": 1,
        },
        path="here",
    )
    assert sorted(found) == sorted(
        [
            ("here.rows", "missing-key"),
            ("here.ratio", "out-of-bounds"),
            ("here.colour", "unknown-choice"),
            ("here.columns[1]", "wrong-type"),
            ("here.pair", "wrong-length"),
            ("here.inner.dept", "unknown-key"),
            ("here.inner.depth", "out-of-bounds"),
            ('here.inners."a b".depth', "wrong-type"),
            ("here.password", "plain-secret"),
            ("here.mode", "unknown-choice"),
            ("here.flag", "wrong-type"),
            ("here.level", "wrong-type"),
            ("here.extra", "unknown-key"),
        ]
    )


def test_every_fault_says_how_to_mend_it() -> None:
    _, found = structure(
        Outer, {"rows": "abc", "colour": "gren", "colum": 1, "flag": "true", "name": 5, "ratio": "0.5"}
    )
    texts = {finding.path: f"{finding.message}. {finding.fix}" for finding in found}
    assert texts == {
        "rows": "expected a whole number, got 'abc'. give a whole number of at least 1 (how many rows)",
        "colour": "'gren' is not known here. did you mean 'green'?",
        "colum": "is not a key of this section. did you mean 'columns'?",
        "flag": "expected true or false, got 'true'. write true without quotes",
        "name": "expected a text or null, got 5. put it in quotes: '5'",
        "ratio": "expected a number or 'auto', got '0.5'. write 0.5 without quotes",
    }


@pytest.mark.parametrize("value", [True, "3", 1.5, None, [1], {}, math.nan, math.inf])
def test_what_is_no_whole_number_is_not_taken_for_one(value: object) -> None:
    assert faults({"rows": value}) == [("rows", "wrong-type")]


@pytest.mark.parametrize("value", [True, "0.5", None, math.nan, 10**400])
def test_what_is_no_number_is_not_taken_for_one(value: object) -> None:
    assert faults({"rows": 1, "ratio": value}) == [("ratio", "wrong-type")]


def test_a_whole_number_serves_as_a_number_and_1e6_as_a_whole_one() -> None:
    assert type(structure(PrivacySpec, {"epsilon": 2})[0].epsilon) is float  # type: ignore[union-attr]
    rows = made({"rows": 1e6}).rows
    assert (rows, type(rows)) == (1_000_000, int)


def test_a_single_text_serves_as_a_list_of_one() -> None:
    assert made({"rows": 1, "columns": "id"}).columns == ("id",)
    assert structure(TableSpec, {"primary_key": "id"})[0] == TableSpec(primary_key=("id",))
    assert structure(TableSpec, {"primary_key": "auto"})[0] == TableSpec()
    assert structure(TableSpec, {"primary_key": ["auto"]})[0] == TableSpec(primary_key=("auto",))
    assert structure(TableSpec, {"primary_key": None})[0] == TableSpec(primary_key=None)


@pytest.mark.parametrize(("ge", "text"), [(1, "must be at least 1, got 0")])
def test_a_bound_is_named(ge: int, text: str) -> None:
    found = structure(Inner, {"depth": ge - 1})[1]
    assert [finding.message for finding in found] == [text]


def test_bounds_hold_for_none_and_auto_where_these_are_allowed() -> None:
    assert structure(TrainingSettings, {"max_epochs": "auto", "max_minutes": None})[1] == []


def test_the_value_of_a_plain_secret_is_never_shown() -> None:
    for secret in ("hunter2", "env:", "env: ", ["hunter2"]):
        _, found = structure(Outer, {"rows": 1, "password": secret})
        assert found
        assert "hunter2" not in str(found)


def test_nothing_below_a_section_means_its_defaults() -> None:
    assert made({"rows": 1, "inner": None, "inners": None}).inner == Inner()


@pytest.mark.parametrize("data", ["text", 3, ["a"], True])
def test_a_section_that_is_no_mapping_is_a_fault(data: object) -> None:
    assert faults(data, path="model") == [("model", "wrong-type")]


def test_keys_that_are_no_texts_are_read_as_yaml_writes_them() -> None:
    shares = {"t": {"c": {True: 0.5, 2: 0.25, None: 0.25}}}
    generation, _ = structure(GenerationSpec, {"rebalance": shares})
    assert generation is not None
    assert generation.rebalance["t"]["c"] == {"true": 0.5, "2": 0.25, "null": 0.25}


def test_a_union_of_number_text_and_word_takes_each() -> None:
    for value in (0.2, "holdout.csv", "auto"):
        report, _ = structure(ReportSpec, {"holdout": value})
        assert report is not None
        assert report.holdout == value


def test_a_validator_of_the_class_is_heard_beside_other_faults() -> None:
    def even(_: object, attribute: attrs.Attribute[int], value: int) -> None:
        if value % 2:
            msg = f"{attribute.name} must be even"
            raise ValueError(msg)

    @attrs.frozen(kw_only=True)
    class Checked:
        a: int = attrs.field(default=0, validator=even)
        b: int = attrs.field(default=0, validator=even)
        c: bool = False

    assert faults({"a": 1, "b": 3, "c": 4}, Checked) == [
        ("a", "invalid-value"),
        ("b", "invalid-value"),
        ("c", "wrong-type"),
    ]


def test_a_class_that_refuses_the_whole_is_a_fault_of_the_section() -> None:
    @attrs.frozen(kw_only=True)
    class Refusing:
        a: int = 0

        def __attrs_post_init__(self) -> None:
            msg = "a and b together are wrong"
            raise ConfigError(msg, fix="leave one out")

    found = structure(Refusing, {}, "source")[1]
    assert [(finding.path, finding.message, finding.fix) for finding in found] == [
        ("source", "a and b together are wrong", "leave one out")
    ]


def test_an_annotation_that_cannot_be_resolved_names_the_class() -> None:
    @attrs.frozen(kw_only=True)
    class Unresolved:
        a: NotImported = None  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(PluginError, match="Unresolved"):
        structure(Unresolved, {})


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*(a.name for a in attrs.fields(ModelSpec)), "bogus"]), PLAIN, max_size=6))
def test_no_plain_data_make_it_raise(data: dict[str, Any]) -> None:
    made_object, found = structure(ModelSpec, data, "model")
    assert (made_object is None) == bool(found)
    assert all(finding.path.startswith("model") and finding.fix for finding in found)


@given(
    st.builds(
        TrainingSettings,
        max_epochs=st.just(AUTO) | st.integers(1, 100_000),
        max_minutes=st.none() | st.floats(0.1, 1e6),
        adaptive_learning_rate=st.booleans(),
        learning_rate=st.just(AUTO) | st.floats(1e-9, 1),
        batch_size=st.integers(1, 10**6),
        early_stop_delta=st.floats(0, 0.99),
    )
)
def test_what_is_unstructured_is_structured_to_the_same(settings: TrainingSettings) -> None:
    assert structure(TrainingSettings, unstructure(settings))[0] == settings
    assert structure(TrainingSettings, unstructure(settings, omit_defaults=True))[0] == settings


def test_defaults_are_left_out_on_demand_and_true_is_not_one() -> None:
    assert unstructure(Outer(rows=1, level=1, inner=Inner(depth=2)), omit_defaults=True) == {
        "rows": 1,
        "inner": {"depth": 2},
    }


def test_a_secret_is_unstructured_as_its_reference() -> None:
    assert unstructure(Outer(rows=1, password=Secret("env:X")))["password"] == "env:X"


@pytest.mark.parametrize(("answer", "truth"), [("yes", "true"), ("No", "false"), ("on", "true"), ("OFF", "false")])
def test_an_answer_of_older_yaml_is_translated(answer: str, truth: str) -> None:
    (finding,) = structure(Outer, {"rows": 1, "flag": answer})[1]
    assert finding.fix == f"write {truth}"
