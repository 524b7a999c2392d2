"""For every code a spec that earns it and nothing else; and the same spec without the fault earns nothing."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from semblant.findings import Severity
from semblant.schema import Schema
from semblant_validators.codes import EVERY
from tests.plugins.validators.constraint_cases import CASES as CONSTRAINT_CASES
from tests.plugins.validators.constraint_cases import ORDERS
from tests.plugins.validators.shop import ALONE, LOOKUP, SHOP, STR, check, codes, key, table

KEEP = {"include": False}
ROOTS = Schema(tables=(*ALONE.tables, table("visits", {"id": pa.int64(), "day": STR}, "id")))
RING = Schema(
    tables=(
        table("a", {"id": STR, "b": STR}, "id", key("b", "b")),
        table("b", {"id": STR, "a": STR}, "id", key("a", "a")),
    )
)
STAFF = Schema(tables=(table("staff", {"id": STR, "boss": STR, "pay": STR}, "id", key("boss", "staff")),))
ORIGINAL = {"countries": {"treatment": "original"}}
HAND = {"auto_batching": False, "batch_size": 64}


def people(**columns: dict[str, Any]) -> dict[str, Any]:
    return {"tables": {"people": {"columns": columns}}}


def with_key(**foreign: Any) -> dict[str, Any]:
    return {
        "tables": {
            **ORIGINAL,
            "people": {"foreign_keys": [{"columns": "country", "references": "countries", **foreign}]},
        }
    }


CASES: list[tuple[str, dict[str, Any], Schema, str]] = [
    *CONSTRAINT_CASES,
    ("empty-source", {}, Schema(tables=()), "source"),
    ("unknown-table", {"tables": {"peple": {}}}, ALONE, "tables.peple"),
    ("unknown-column", people(agee={}), ALONE, "tables.people.columns.agee"),
    ("no-tables", {"default_include": False}, ALONE, "tables"),
    (
        "no-columns",
        {"tables": {"visits": {"columns": {"id": KEEP, "day": KEEP}, "primary_key": None}, "people": KEEP}},
        ROOTS,
        "tables.visits.columns",
    ),
    ("only-a-key", {"tables": {"visits": {"columns": {"day": KEEP}}, "people": KEEP}}, ROOTS, "tables.visits.columns"),
    ("excluded-has-settings", {"tables": {"visits": {**KEEP, "primary_key": "id"}}}, ROOTS, "tables.visits"),
    ("excluded-has-settings", people(age={**KEEP, "encoding": "number"}), ALONE, "tables.people.columns.age"),
    ("key-column-unknown", {"tables": {"people": {"primary_key": "idd"}}}, ALONE, "tables.people.primary_key"),
    ("key-column-twice", {"tables": {"people": {"primary_key": ["id", "id"]}}}, ALONE, "tables.people.primary_key"),
    (
        "key-column-excluded",
        {"tables": {"people": {"primary_key": "id", "columns": {"id": KEEP}}}},
        ALONE,
        "tables.people.primary_key",
    ),
    ("key-column-type", {"tables": {"people": {"primary_key": "tags"}}}, ALONE, "tables.people.primary_key"),
    ("key-falls-away", people(id=KEEP), ALONE, "tables.people.primary_key"),
    ("key-falls-away", {"tables": {"countries": KEEP}}, LOOKUP, "tables.people.foreign_keys"),
    (
        "key-falls-away",
        {"tables": {"countries": KEEP, "people": {"columns": {"country": KEEP}}}},
        LOOKUP,
        "tables.people.foreign_keys",
    ),
    (
        "empty-key",
        {"tables": {"people": {"foreign_keys": [{"columns": [], "references": "people"}]}}},
        ALONE,
        "tables.people.foreign_keys[0].columns",
    ),
    (
        "reference-unknown",
        {"tables": {"people": {"foreign_keys": [{"columns": "country", "references": "contries"}]}}},
        ALONE,
        "tables.people.foreign_keys[0].references",
    ),
    (
        "reference-excluded",
        {
            "tables": {
                "countries": KEEP,
                "people": {"foreign_keys": [{"columns": "country", "references": "countries"}]},
            }
        },
        LOOKUP,
        "tables.people.foreign_keys[0].references",
    ),
    (
        "reference-without-key",
        {
            "tables": {
                "countries": {**KEEP},
                "people": {"primary_key": None, "foreign_keys": [{"columns": "country", "references": "people"}]},
            }
        },
        LOOKUP,
        "tables.people.foreign_keys[0].references",
    ),
    (
        "key-column-unknown",
        {
            "tables": {
                "people": {
                    "foreign_keys": [{"columns": "country", "references": "people", "referenced_columns": "idd"}]
                }
            }
        },
        ALONE,
        "tables.people.foreign_keys[0].referenced_columns",
    ),
    (
        "reference-not-the-key",
        {
            "tables": {
                "people": {
                    "foreign_keys": [{"columns": "country", "references": "people", "referenced_columns": "age"}]
                }
            }
        },
        ALONE,
        "tables.people.foreign_keys[0].referenced_columns",
    ),
    (
        "key-length",
        {"tables": {"people": {"foreign_keys": [{"columns": ["country", "age"], "references": "people"}]}}},
        ALONE,
        "tables.people.foreign_keys[0].columns",
    ),
    (
        "key-type-mismatch",
        {"tables": {"people": {"foreign_keys": [{"columns": "city", "references": "people"}]}}},
        ALONE,
        "tables.people.foreign_keys[0].columns",
    ),
    (
        "key-twice",
        {"tables": {**ORIGINAL, "people": {"foreign_keys": [{"columns": "country", "references": "countries"}] * 2}}},
        LOOKUP,
        "tables.people.foreign_keys[1]",
    ),
    (
        "reference-beside-the-key",
        {"tables": {"countries": {"treatment": "original", "primary_key": None}}},
        LOOKUP,
        "tables.people.foreign_keys",
    ),
    ("ratio-unknown", {"generation": {"ratios": {"nobody": 2.0}}}, ALONE, "generation.ratios.nobody"),
    (
        "shares-of-child",
        {
            "tables": {"orders": {"columns": {"paid": {"rebalance": True}}}},
            "generation": {"rebalance": {"orders": {"paid": {"0..5": 0.5}}}},
        },
        ORDERS,
        "generation.rebalance.orders.paid",
    ),
    ("rows-unknown", {"generation": {"rows": {"nobody": 2}}}, ALONE, "generation.rows.nobody"),
    ("rows-invalid", {"generation": {"rows": {"people": 9}}}, ALONE, "generation.rows.people"),
    ("ratio-invalid", {"generation": {"ratios": {"people": 0.0}}}, ALONE, "generation.ratios.people"),
    ("two-roots", {}, ROOTS, "tables.visits"),
    ("several-roots", {}, SHOP, "tables.products"),
    ("cycle", {}, RING, "tables.a.foreign_keys"),
    ("nothing-to-synthesize", {"tables": {**ORIGINAL, "people": {"treatment": "original"}}}, LOOKUP, "tables"),
    ("original-not-referenced", {"tables": {"visits": {"treatment": "original"}}}, ROOTS, "tables.visits.treatment"),
    (
        "original-references-synthesized",
        {"tables": {"orders": {"treatment": "original"}, "products": {"treatment": "original"}}},
        SHOP,
        "tables.orders.treatment",
    ),
    (
        "original-has-settings",
        {"tables": {"countries": {"treatment": "original", "columns": {"label": {"encoding": "text"}}}}},
        LOOKUP,
        "tables.countries.columns.label.encoding",
    ),
    (
        "original-has-settings",
        {"tables": {"countries": {"treatment": "original", "columns": {"label": {"rebalance": True}}}}},
        LOOKUP,
        "tables.countries.columns.label.rebalance",
    ),
    (
        "sensitive-copied",
        {"tables": {"countries": {"treatment": "original", "columns": {"label": {"sensitive": True}}}}},
        LOOKUP,
        "tables.countries.columns.label.sensitive",
    ),
    (
        "sensitive-kept",
        people(name={"sensitive": True, "treatment": "keep"}),
        ALONE,
        "tables.people.columns.name.treatment",
    ),
    ("key-has-settings", people(id={"encoding": "number"}), ALONE, "tables.people.columns.id.encoding"),
    ("key-has-settings", people(id={"rebalance": True}), ALONE, "tables.people.columns.id.rebalance"),
    ("key-has-settings", people(id={"options": {"decimals": 1}}), ALONE, "tables.people.columns.id.options"),
    ("option-unknown", people(age={"options": {"digits": 2}}), ALONE, "tables.people.columns.age.options.digits"),
    (
        "option-misplaced",
        people(born={"options": {"decimals": 2}}),
        ALONE,
        "tables.people.columns.born.options.decimals",
    ),
    (
        "option-invalid",
        people(height={"options": {"decimals": 12}}),
        ALONE,
        "tables.people.columns.height.options.decimals",
    ),
    ("encoding-impossible", people(age={"encoding": "text"}), ALONE, "tables.people.columns.age.encoding"),
    ("rebalance-impossible", people(tags={"rebalance": True}), ALONE, "tables.people.columns.tags.rebalance"),
    (
        "rebalance-impossible",
        people(age={"rebalance": True, "encoding": "identifier"}),
        ALONE,
        "tables.people.columns.age.rebalance",
    ),
    ("rebalance-excluded", people(city={"rebalance": True, **KEEP}), ALONE, "tables.people.columns.city.rebalance"),
    ("learning-rate-adaptive", {"model": {"learning_rate": 0.1}}, ALONE, "model.learning_rate"),
    ("learning-rate-adaptive", {"model": {"text": {"learning_rate": 0.1}}}, ALONE, "model.text.learning_rate"),
    (
        "learning-rate-adaptive",
        {"tables": {"people": {"model": {"learning_rate": 0.1}}}},
        ALONE,
        "tables.people.model.learning_rate",
    ),
    ("batch-beyond-table", {"model": {**HAND, "batch_size": 901}}, ALONE, "model.batch_size"),
    (
        "accumulation-beyond-table",
        {"model": HAND, "tables": {"people": {"model": {"gradient_accumulation": 15}}}},
        ALONE,
        "tables.people.model.gradient_accumulation",
    ),
    ("batch-size-automatic", {"model": {"batch_size": 64}}, ALONE, "model.batch_size"),
    ("accumulation-automatic", {"model": {"gradient_accumulation": 2}}, ALONE, "model.gradient_accumulation"),
    (
        "original-has-model",
        {"tables": {"countries": {"treatment": "original", "model": {"size": "small"}}}},
        LOOKUP,
        "tables.countries.model",
    ),
    (
        "text-settings-unused",
        {"model": {"text": {"size": "small"}}},
        Schema(tables=(table("t", {"x": pa.int64()}),)),
        "model.text",
    ),
    (
        "privacy-several-tables",
        {"privacy": {"epsilon": 1}, "tables": {"products": {"include": False}}},
        SHOP,
        "privacy.rows_per_subject",
    ),
    (
        "privacy-related",
        {"privacy": {"epsilon": 1, "rows_per_subject": 9}, "tables": {"products": {"treatment": "original"}}},
        SHOP,
        "tables.lines.foreign_keys",
    ),
    (
        "privacy-related",
        {"privacy": {"epsilon": 1, "rows_per_subject": 9}},
        Schema(tables=(table("one", {"x": pa.int64()}), table("other", {"x": pa.int64()}))),
        "tables.other",
    ),
    (
        "privacy-setting-unused",
        {"privacy": {"epsilon": 1, "rows_per_subject": 9}},
        ALONE,
        "privacy.rows_per_subject",
    ),
    ("privacy-underdetermined", {"privacy": {"steps": 100}}, ALONE, "privacy.epsilon"),
    ("privacy-overdetermined", {"privacy": {"epsilon": 1, "noise_multiplier": 1, "steps": 9}}, ALONE, "privacy"),
    ("privacy-in-order", {"tables_at_once": 2, "privacy": {"epsilon": 1}}, ALONE, "tables_at_once"),
    ("privacy-batch-by-hand", {"privacy": {"epsilon": 1, "max_gradient_norm": 1}}, ALONE, "privacy.max_gradient_norm"),
    (
        "privacy-batch-by-hand",
        {"privacy": {"epsilon": 1, "max_physical_batch_size": 8}},
        ALONE,
        "privacy.max_physical_batch_size",
    ),
    (
        "privacy-physical-batch",
        {"model": HAND, "privacy": {"epsilon": 1, "max_physical_batch_size": 65}},
        ALONE,
        "privacy.max_physical_batch_size",
    ),
    (
        "privacy-accumulation",
        {"model": {**HAND, "gradient_accumulation": 2}, "privacy": {"epsilon": 1}},
        ALONE,
        "model.gradient_accumulation",
    ),
    ("privacy-seed", {"seed": 3, "privacy": {"epsilon": 1}}, ALONE, "seed"),
    ("privacy-original-tables", {"privacy": {"epsilon": 1}, "tables": ORIGINAL}, LOOKUP, "privacy"),
    ("privacy-delta-large", {"privacy": {"epsilon": 1, "delta": 0.001}}, ALONE, "privacy.delta"),
    (
        "privacy-encoding",
        {"privacy": {"epsilon": 1}, **people(city={"encoding": "pattern"})},
        ALONE,
        "tables.people.columns.city.encoding",
    ),
    (
        "privacy-column",
        {"privacy": {"epsilon": 1}, **people(height={"treatment": "keep"})},
        ALONE,
        "tables.people.columns.height.treatment",
    ),
    (
        "privacy-column",
        {"privacy": {"epsilon": 1}, **people(height={"options": {"decimals": 1}})},
        ALONE,
        "tables.people.columns.height.options.decimals",
    ),
    (
        "privacy-column",
        {"privacy": {"epsilon": 1}},
        Schema(tables=(table("t", {"x": pa.int64(), "many": pa.list_(pa.int64())}),)),
        "tables.t.columns.many",
    ),
    (
        "privacy-constraints",
        {"privacy": {"epsilon": 1}, "tables": {"people": {"constraints": [{"unique": {"columns": ["age"]}}]}}},
        ALONE,
        "tables.people.constraints",
    ),
    *(
        ("privacy-setting-unused", {"privacy": {"epsilon": 1}, "model": {name: value}}, ALONE, f"model.{name}")
        for name, value in (
            ("max_epochs", 3),
            ("max_minutes", 1.0),
            ("stopped_at_step", 9),
            ("validation_fraction", 0.2),
            ("steps_between_validations", 5),
            ("early_stop_delta", 0.01),
            ("flexible_generation", True),
        )
    ),
    (
        "privacy-setting-unused",
        {"privacy": {"epsilon": 1}, "tables": {"people": {"model": {"max_epochs": 3}}}},
        ALONE,
        "tables.people.model.max_epochs",
    ),
    (
        "privacy-public",
        {"privacy": {"epsilon": 1, "public": {"peple": {"age": {"low": 0, "high": 9}}}}},
        ALONE,
        "privacy.public.peple",
    ),
    *(
        (
            "privacy-public",
            {"privacy": {"epsilon": 1, "public": {"people": facts}}},
            ALONE,
            f"privacy.public.people.{at}",
        )
        for facts, at in (
            ({"town": {"values": ["Rome"]}}, "town"),
            ({"age": {"low": 0}}, "age"),
            ({"age": {"low": 9, "high": 0}}, "age"),
            ({"age": {"values": ["old"]}}, "age.values"),
            ({"city": {"values": ["Rome", "Rome"]}}, "city.values"),
            ({"city": {"low": "A", "high": "Z"}}, "city"),
        )
    ),
    ("privacy-total", {"privacy": {"epsilon": 2, "total_epsilon": 1}}, ALONE, "privacy.total_epsilon"),
    ("rebalance-unknown", {"generation": {"rebalance": {"peple": {}}}}, ALONE, "generation.rebalance.peple"),
    (
        "rebalance-unknown",
        {"generation": {"rebalance": {"people": {"town": {}}}}},
        ALONE,
        "generation.rebalance.people.town",
    ),
    (
        "rebalance-unknown",
        {"generation": {"rebalance": {"people": {"city": {"a": 1}}}}, **people(city=KEEP)},
        ALONE,
        "generation.rebalance.people.city",
    ),
    (
        "rebalance-unknown",
        {"generation": {"rebalance": {"countries": {"label": {"a": 1}}}}, "tables": ORIGINAL},
        LOOKUP,
        "generation.rebalance.countries",
    ),
    (
        "rebalance-not-enabled",
        {"generation": {"rebalance": {"people": {"city": {"Rome": 0.5}}}}},
        ALONE,
        "generation.rebalance.people.city",
    ),
    (
        "shares-invalid",
        {"generation": {"rebalance": {"people": {"city": {"Rome": -0.5}}}}, **people(city={"rebalance": True})},
        ALONE,
        "generation.rebalance.people.city.Rome",
    ),
    (
        "shares-invalid",
        {
            "generation": {"rebalance": {"people": {"city": {"Rome": 0.6, "Oslo": 0.6}}}},
            **people(city={"rebalance": True}),
        },
        ALONE,
        "generation.rebalance.people.city",
    ),
    (
        "shares-empty",
        {"generation": {"rebalance": {"people": {"city": {}}}}, **people(city={"rebalance": True})},
        ALONE,
        "generation.rebalance.people.city",
    ),
    ("generation-unused", {"generation": {"enabled": False, "records": 5}}, ALONE, "generation"),
    (
        "text-batch-unused",
        {"generation": {"text_batch_size": 5}},
        Schema(tables=(table("t", {"x": pa.int64()}),)),
        "generation.text_batch_size",
    ),
    ("report-without-data", {"generation": {"enabled": False}, "report": {"holdout": 0.2}}, ALONE, "report"),
    ("report-without-format", {"report": {"formats": []}}, ALONE, "report.formats"),
    ("report-format-twice", {"report": {"formats": ["pdf", "json", "pdf"]}}, ALONE, "report.formats[2]"),
    ("report-target", {"report": {"targets": ["people.agee"]}}, ALONE, "report.targets[0]"),
    ("holdout-share", {"report": {"holdout": 0.6}}, ALONE, "report.holdout"),
    ("holdout-share", {"report": {"holdout": 0}}, ALONE, "report.holdout"),
    ("holdout-missing", {"report": {"holdout": "/no/such/file.csv"}}, ALONE, "report.holdout"),
    (
        "destination-unused",
        {"generation": {"enabled": False}, "destination": {"type": "folder", "path": "/out"}},
        ALONE,
        "destination",
    ),
    (
        "destination-is-source",
        {"destination": {"type": "folder", "path": "/data", "mode": "replace"}},
        ALONE,
        "destination",
    ),
]

# What comes along because it is a consequence that the user should hear of too.
ALONG: dict[str, set[str]] = {
    "no-columns": {"key-falls-away"},
    "nothing-to-synthesize": {"original-not-referenced"},
    "original-references-synthesized": {"several-roots"},
    "privacy-related": {"privacy-original-tables", "two-roots"},
    "privacy-several-tables": {"key-falls-away"},
}
NESTED = ("tables.people.columns.tags", "privacy-column")
"""Every private spec of these people hears of their tags; a case of its own shows it."""
INFORMING = {"privacy-strength", "shares-rest"}


@pytest.mark.parametrize(
    ("code", "data", "schema", "path"), CASES, ids=[f"{case[0]}-{n}" for n, case in enumerate(CASES)]
)
def test_a_fault_earns_its_code_at_its_place(code: str, data: dict[str, Any], schema: Schema, path: str) -> None:
    found = [one for one in codes(check(data, schema)) if one != NESTED]
    assert (path, code) in found
    allowed = {code} | ALONG.get(code, set())
    assert {other for _, other in found} <= allowed


def test_every_code_has_a_case() -> None:
    every = {code for groups in EVERY.values() for group in groups for code in group}
    assert every - {case[0] for case in CASES} - INFORMING == set()
    assert {severity for groups in EVERY.values() for group in groups for severity, _ in group.values()} == set(
        Severity
    )


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"tables": {"people": {"columns": {"city": {"rebalance": True}, "age": {"encoding": "categorical"}}}}},
        {"generation": {"rebalance": {"people": {"city": {"Rome": 0.4}}}}, **people(city={"rebalance": True})},
        {"model": {"adaptive_learning_rate": False, "learning_rate": 0.1, **HAND, "gradient_accumulation": 2}},
        {"report": {"holdout": 0.5}, "destination": {"type": "folder", "path": "/out", "mode": "replace"}},
        {"destination": {"type": "folder", "path": "/data"}},
        {"model": {"text": {"size": "small"}}, "generation": {"text_batch_size": 3}},
        people(name={"encoding": "text", "sensitive": True}, height={"treatment": "keep"}),
        {"tables": {"people": {"primary_key": None, "columns": {"id": {"encoding": "identifier"}}}}},
    ],
)
def test_sound_specs_earn_nothing(data: dict[str, Any]) -> None:
    assert codes(check(data)) == []


@pytest.mark.feature(240)
def test_a_private_shop_with_bounded_subjects_is_sound() -> None:
    data = {"privacy": {"epsilon": 1, "rows_per_subject": 9}, "tables": {"products": {"include": False}}}
    assert {code for _, code in codes(check(data, SHOP))} <= {*INFORMING, "key-falls-away"}


def test_a_shop_with_originals_in_their_place_is_sound() -> None:
    data = {"tables": {"products": {"treatment": "original"}}}
    assert codes(check(data, SHOP)) == []
    assert codes(check({"tables": ORIGINAL}, LOOKUP)) == []
