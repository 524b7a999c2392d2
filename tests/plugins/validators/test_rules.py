"""The rules in words: what a finding tells, and that one setting alone brings it up."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from semblant.findings import ConfigStep, Finding, Severity
from semblant.schema import Schema
from semblant.settings.structure import structure
from semblant.spec.model import TableSpec
from semblant.vocabulary import EncodingType
from semblant_validators.types import FITTING, comparable, fits, fitting
from tests.plugins.validators.shop import ALONE, COUNTRIES, HOST, LOOKUP, SHOP, STR, check, codes, key, spec_of, table

ORIGINALS = {"products": {"treatment": "original"}}


def only(found: list[Finding], code: str) -> Finding:
    (finding,) = [finding for finding in found if finding.code == code]
    return finding


@pytest.mark.feature(56)
def test_there_is_a_validator_for_every_step_and_findings_come_step_by_step() -> None:
    assert {descriptor.step for descriptor in HOST.validators.values()} == set(ConfigStep)
    data = {
        "tables": {"peple": {}, "people": {"primary_key": "x", "columns": {"age": {"encoding": "text"}}}},
        "model": {"batch_size": 3},
        "report": {"formats": []},
        "destination": {"type": "folder", "path": "/data", "mode": "append"},
    }
    steps = [finding.step for finding in check(data)]
    assert steps == [
        ConfigStep.DATA,
        ConfigStep.KEYS,
        ConfigStep.TREATMENT,
        ConfigStep.MODEL,
        ConfigStep.GENERATION,
        ConfigStep.DESTINATION,
    ]


@pytest.mark.feature(6)
def test_a_table_that_is_not_there_is_named_with_the_nearest_that_is() -> None:
    finding = only(check({"tables": {"costumers": {"include": False}}}, SHOP), "unknown-table")
    assert finding.fix == "did you mean 'customers'?"


@pytest.mark.feature(7)
def test_excluding_the_column_of_a_key_is_told() -> None:
    gone = {"tables": {"orders": {"columns": {"customer": {"include": False}}}, **ORIGINALS}}
    finding = only(check(gone, SHOP), "key-falls-away")
    assert "orders(customer) → customers falls away, because column 'customer' is excluded" in finding.message
    said = {"tables": {"orders": {"columns": {"customer": {"include": False}}, "foreign_keys": []}, **ORIGINALS}}
    assert "key-falls-away" not in [code for _, code in codes(check(said, SHOP))]


@pytest.mark.feature(7)
def test_excluding_what_a_key_points_to_is_told() -> None:
    gone = {"tables": {"customers": {"columns": {"id": {"include": False}}}, **ORIGINALS}}
    found = [finding for finding in check(gone, SHOP) if finding.code == "key-falls-away"]
    assert [finding.path for finding in found] == ["tables.orders.foreign_keys", "tables.customers.primary_key"]


@pytest.mark.feature(8)
def test_a_composite_primary_key_and_none_are_both_right() -> None:
    for wanted in (["name", "city"], None):
        assert codes(check({"tables": {"people": {"primary_key": wanted}}})) == []


@pytest.mark.feature(9)
def test_a_foreign_key_to_two_columns_is_right_where_they_are_the_key() -> None:
    pair = table("notes", {"order": pa.int64(), "line": pa.int32(), "text": STR})
    schema = Schema(tables=(*SHOP.tables, pair))
    composite = {"columns": ["order", "line"], "references": "lines"}
    data = {"tables": {**ORIGINALS, "notes": {"foreign_keys": [composite]}}}
    assert codes(check(data, schema)) == []
    swapped = {**composite, "columns": ["order"]}
    assert only(check({"tables": {**ORIGINALS, "notes": {"foreign_keys": [swapped]}}}, schema), "key-length")


@pytest.mark.feature(15)
def test_a_moment_within_a_larger_key_is_learned_and_has_settings_of_its_own() -> None:
    weather = table("weather", {"place": STR, "at": pa.timestamp("us")}, "place at")
    both = key("place at", "weather", "place at")
    flights = table("flights", {"id": pa.int64(), "place": STR, "at": pa.timestamp("us")}, "id", both)
    columns = {"at": {"encoding": "datetime"}, "place": {"encoding": "categorical"}}
    data = {"tables": {"weather": {"treatment": "original"}, "flights": {"columns": columns}}}
    found = codes(check(data, Schema(tables=(weather, flights))), Severity.ERROR)
    assert found == [("tables.flights.columns.place.encoding", "key-has-settings")]


def test_an_original_table_needs_a_key_that_points_to_it() -> None:
    assert codes(check({"tables": {"countries": {"treatment": "original"}}}, LOOKUP)) == []
    data = {"tables": {"countries": {"treatment": "original"}, "people": {"foreign_keys": []}}}
    finding = only(check(data, LOOKUP), "original-not-referenced")
    assert finding.severity is Severity.ERROR
    assert "treatment: synthesize" in finding.fix


@pytest.mark.feature(15)
def test_a_key_of_its_own_does_not_make_an_original_table_referenced() -> None:
    tree = table("countries", {"id": pa.int64(), "part_of": pa.int64()}, "id", key("part_of", "countries"))
    data = {"tables": {"countries": {"treatment": "original"}}}
    found = codes(check(data, Schema(tables=(ALONE.table("people"), tree))))
    assert found == [("tables.countries.treatment", "original-not-referenced")]


@pytest.mark.feature(16)
def test_exactly_one_root_is_asked_for_and_originals_do_not_count() -> None:
    finding = only(check({}, SHOP), "several-roots")
    assert finding.path == "tables.products"
    assert "'products' is a second root beside 'customers'" in finding.message
    assert "treatment: original" in finding.fix
    assert "include: false" in finding.fix
    assert codes(check({"tables": ORIGINALS}, SHOP)) == []
    assert (
        codes(
            check(
                {
                    "tables": {
                        "products": {"include": False},
                        "lines": {"foreign_keys": [{"columns": "order", "references": "orders"}]},
                    }
                },
                SHOP,
            )
        )
        == []
    )


@pytest.mark.feature(16)
def test_a_table_nobody_points_to_is_not_proposed_as_original() -> None:
    schema = Schema(tables=(*ALONE.tables, table("log", {"id": STR, "line": STR}, "id")))
    assert "treatment: original" not in only(check({}, schema), "two-roots").fix


def test_a_ring_is_told_with_its_keys() -> None:
    ring = Schema(
        tables=(
            table("a", {"id": STR, "b": STR}, "id", key("b", "b")),
            table("b", {"id": STR, "a": STR}, "id", key("a", "a")),
        )
    )
    message = only(check({}, ring), "cycle").message
    assert "a(b) → b(id); b(a) → a(id)" in message


def test_the_key_that_breaks_a_ring_is_the_least_certain_one_and_is_named() -> None:
    ring = Schema(
        tables=(
            table("a", {"id": STR, "b": STR}, "id", key("b", "b")),
            table("b", {"id": STR, "a": STR}, "id", evolve(key("a", "a"), confidence=0.6)),
        )
    )
    finding = only(check({}, ring), "cycle")
    assert finding.path == "tables.b.foreign_keys"
    assert "b(a) → a(id) is matched" in finding.fix


@pytest.mark.feature(11)
@pytest.mark.parametrize("encoding", list(EncodingType))
def test_an_encoding_is_taken_where_its_type_fits_and_refused_elsewhere(encoding: EncodingType) -> None:
    examples = [
        pa.int32(),
        pa.float32(),
        pa.decimal128(9, 2),
        pa.string(),
        pa.large_string(),
        pa.bool_(),
        pa.date32(),
        pa.timestamp("us", "UTC"),
        pa.time64("us"),
        pa.duration("s"),
        pa.binary(),
        pa.list_(pa.int8()),
        pa.struct([("a", pa.int8())]),
        pa.map_(pa.string(), pa.int8()),
        pa.dictionary(pa.int8(), pa.string()),
    ]
    outcomes = set()
    for kind in examples:
        schema = Schema(tables=(table("t", {"id": pa.int64(), "x": kind}, "id"),))
        found = codes(check({"tables": {"t": {"columns": {"x": {"encoding": str(encoding)}}}}}, schema))
        assert (("tables.t.columns.x.encoding", "encoding-impossible") in found) is not fits(encoding, kind)
        outcomes.add(bool(found))
    assert outcomes == {True, False}


def test_every_encoding_has_its_types_and_every_type_an_encoding() -> None:
    assert set(FITTING) == set(EncodingType)
    assert fitting(pa.int64()) == ["categorical", "number", "integer", "latitude", "longitude", "identifier"]
    assert "text" in fitting(pa.dictionary(pa.int32(), pa.large_string()))


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (pa.int8(), pa.uint64(), True),
        (pa.int64(), pa.float64(), True),
        (pa.string(), pa.large_string(), True),
        (pa.dictionary(pa.int8(), pa.string()), pa.string(), True),
        (pa.int64(), pa.string(), False),
        (pa.null(), pa.date32(), True),
        (pa.date32(), pa.timestamp("us"), False),
        (pa.binary(16), pa.binary(), True),
        (pa.bool_(), pa.int8(), False),
    ],
)
def test_keys_may_differ_in_width_but_not_in_kind(one: pa.DataType, other: pa.DataType, equal: bool) -> None:
    assert comparable(one, other) is comparable(other, one) is equal


@pytest.mark.feature(13)
def test_sensitive_and_not_synthesized_is_warned_about_with_what_will_come_out() -> None:
    def told(**column: Any) -> list[tuple[str, str]]:
        return codes(check({"tables": {"people": {"columns": {"name": column}}}}))

    assert told(sensitive=True) == told(treatment="keep") == []
    data = {"tables": {"people": {"columns": {"name": {"sensitive": True, "treatment": "keep"}}}}}
    finding = only(check(data), "sensitive-kept")
    assert finding.severity is Severity.WARNING
    assert "any real value of 'people.name' may come out as it is" in finding.message


@pytest.mark.feature(25)
@pytest.mark.parametrize("section", ["model", "model.text"])
def test_a_learning_rate_needs_the_adaptive_one_switched_off(section: str) -> None:
    def told(**training: Any) -> list[tuple[str, str]]:
        return codes(check({"model": training if section == "model" else {"text": training}}))

    assert told(learning_rate=0.1) == [(f"{section}.learning_rate", "learning-rate-adaptive")]
    assert told(learning_rate=0.1, adaptive_learning_rate=False) == []


@pytest.mark.feature(26, 27, 28)
def test_batch_size_and_accumulation_need_automatic_batching_switched_off() -> None:
    hand = {"batch_size": 8, "gradient_accumulation": 2}
    assert [code for _, code in codes(check({"model": hand}))] == ["batch-size-automatic", "accumulation-automatic"]
    assert codes(check({"model": {**hand, "auto_batching": False}})) == []


def test_a_table_inherits_what_is_sound_and_is_told_only_what_is_its_own() -> None:
    top = {"adaptive_learning_rate": False, "learning_rate": 0.1}
    override = {"tables": {"people": {"model": {"adaptive_learning_rate": True}}}}
    assert codes(check({"model": top, **override})) == [("tables.people.model.learning_rate", "learning-rate-adaptive")]
    assert codes(check({"model": {"batch_size": 3}, "tables": {"people": {"model": {"size": "small"}}}})) == [
        ("model.batch_size", "batch-size-automatic")
    ]


def test_an_override_that_is_no_model_setting_keeps_its_path() -> None:
    spec = spec_of({"tables": {"people": {"model": {"size": "huge", "text": {"epochs": 1}}}}})
    (model,) = [one for name, one in HOST.validators.items() if name == "model"]
    found = model.create().check(spec, ALONE)
    assert sorted((finding.path, finding.code) for finding in found) == [
        ("tables.people.model.size", "unknown-choice"),
        ("tables.people.model.text.epochs", "unknown-key"),
    ]


@pytest.mark.feature(33)
@pytest.mark.parametrize(
    ("epsilon", "word"), [(0.5, "strong"), (1, "strong"), (5, "medium"), (10, "medium"), (11, "weak")]
)
def test_epsilon_is_told_in_words(epsilon: float, word: str) -> None:
    finding = only(check({"privacy": {"epsilon": epsilon}}, validators=["privacy"]), "privacy-strength")
    assert (finding.severity, finding.message) == (Severity.INFO, f"epsilon {epsilon:g} is {word} protection")


@pytest.mark.feature(34)
def test_delta_is_held_against_the_number_of_subjects() -> None:
    def told(delta: object) -> list[tuple[str, str]]:
        return codes(check({"privacy": {"epsilon": 1, "delta": delta}}, validators=["privacy"]))

    assert told(1e-3) == [("privacy.delta", "privacy-delta-large")]
    assert told(1e-5) == told("auto") == []


@pytest.mark.feature(36, 37)
def test_clipping_norm_and_physical_batch_by_hand_need_a_batch_size_by_hand() -> None:
    hand = {"auto_batching": False, "batch_size": 64}
    for name in ("max_gradient_norm", "max_physical_batch_size"):
        privacy = {"epsilon": 1, name: 8}
        assert codes(check({"privacy": privacy}, validators=["privacy"])) == [
            (f"privacy.{name}", "privacy-batch-by-hand")
        ]
        assert codes(check({"privacy": privacy, "model": hand}, validators=["privacy"])) == []


@pytest.mark.parametrize(
    ("privacy", "code"),
    [
        ({"epsilon": 1}, None),
        ({"noise_multiplier": 1}, None),
        ({"epsilon": 1, "steps": 5}, None),
        ({"noise_multiplier": 1, "epsilon": 1}, None),
        ({}, "privacy-underdetermined"),
        ({"steps": 5}, "privacy-underdetermined"),
        ({"epsilon": 1, "noise_multiplier": 1, "steps": 5}, "privacy-overdetermined"),
    ],
)
def test_of_epsilon_noise_and_steps_two_at_most_are_given(privacy: dict[str, Any], code: str | None) -> None:
    found = [one for _, one in codes(check({"privacy": privacy}, validators=["privacy"]))]
    assert found == ([code] if code else [])


@pytest.mark.feature(49)
def test_shares_need_a_column_that_is_prepared_and_the_rest_is_explained() -> None:
    def found(rebalance: bool, shares: dict[str, float]) -> list[Finding]:
        column = {"tables": {"people": {"columns": {"city": {"rebalance": rebalance}}}}}
        return check({"generation": {"rebalance": {"people": {"city": shares}}}, **column})

    assert "tables.people.columns.city.rebalance: true" in only(found(False, {"Rome": 1}), "rebalance-not-enabled").fix
    assert codes(found(True, {"Rome": 0.3})) == []
    assert "the remaining 0.7" in only(found(True, {"Rome": 0.3}), "shares-rest").message
    assert "no other value" in only(found(True, {"Rome": 0.1, "Oslo": 0.2, "Bonn": 0.7}), "shares-rest").message


def test_a_holdout_file_that_is_there_or_remote_is_taken(tmp_path: Any) -> None:
    (tmp_path / "hold.csv").write_text("a\n1\n")
    for holdout in (str(tmp_path / "hold.csv"), str(tmp_path / "*.csv"), "s3://bucket/hold.csv", "auto", 0.25):
        assert codes(check({"report": {"holdout": holdout}})) == []


def test_the_destination_may_lie_beside_the_source() -> None:
    def told(path: str, mode: str, source: str = "/data/a.csv") -> list[tuple[str, str]]:
        data = {
            "source": {"type": "files", "path": source},
            "destination": {"type": "folder", "path": path, "mode": mode},
        }
        return codes(check(data, validators=["destination"]))

    assert told("/data/out", "replace") == told("/data", "fail") == told("/database", "replace") == []
    assert (
        told("/data/", "replace")
        == told("/data/../data", "append", "/data")
        == [("destination", "destination-is-source")]
    )


COLUMN = st.fixed_dictionaries(
    {},
    optional={
        "include": st.booleans(),
        "encoding": st.sampled_from(["auto", *map(str, EncodingType)]),
        "rebalance": st.booleans(),
        "treatment": st.sampled_from(["synthesize", "keep"]),
        "sensitive": st.sampled_from(["auto", True, False]),
    },
)
NAMES = st.sampled_from(["id", "order", "line", "product", "customer", "name", "code", "price", "nothing"])
TABLE = st.fixed_dictionaries(
    {},
    optional={
        "include": st.booleans(),
        "treatment": st.sampled_from(["synthesize", "original"]),
        "primary_key": st.none() | st.just("auto") | st.lists(NAMES, max_size=3),
        "foreign_keys": st.just("auto")
        | st.lists(
            st.fixed_dictionaries(
                {
                    "columns": st.lists(NAMES, max_size=2),
                    "references": st.sampled_from(["lines", "orders", "customers", "products", "x"]),
                },
                optional={"referenced_columns": st.just("auto") | st.lists(NAMES, max_size=2)},
            ),
            max_size=3,
        ),
        "columns": st.dictionaries(NAMES, COLUMN, max_size=3),
        "model": st.just({}) | st.just({"batch_size": 2}) | st.just({"nothing": 1}),
    },
)
SPECS = st.fixed_dictionaries(
    {},
    optional={
        "default_include": st.booleans(),
        "tables": st.dictionaries(
            st.sampled_from(["lines", "orders", "customers", "products", "x"]), TABLE, max_size=4
        ),
        "privacy": st.none() | st.just({"epsilon": 1}) | st.just({"steps": 3, "delta": 0.5}),
        "generation": st.fixed_dictionaries(
            {},
            optional={
                "enabled": st.booleans(),
                "rebalance": st.dictionaries(
                    st.sampled_from(["lines", "products", "x"]),
                    st.dictionaries(
                        NAMES, st.dictionaries(st.text(max_size=3), st.floats(-2, 2), max_size=2), max_size=2
                    ),
                    max_size=2,
                ),
            },
        ),
    },
)


@settings(max_examples=300)
@given(SPECS)
def test_no_spec_makes_a_validator_raise(data: dict[str, Any]) -> None:
    check(data, SHOP)


@given(st.sampled_from([SHOP, LOOKUP, ALONE, Schema(tables=(COUNTRIES,)), Schema(tables=())]), SPECS)
def test_what_the_validators_accept_has_a_root_no_ring_and_something_to_learn(
    schema: Schema, data: dict[str, Any]
) -> None:
    from semblant_validators.view import View

    if not codes(check(data, schema), Severity.ERROR):
        view = View(spec_of(data), schema)
        assert view.graph.roots
        assert view.graph.cycles == ()
        assert all(table.columns for table in view.used)


def test_the_defaults_of_a_table_are_what_an_empty_section_means() -> None:
    assert structure(TableSpec, None)[0] == TableSpec()
