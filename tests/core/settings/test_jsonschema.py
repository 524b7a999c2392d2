"""The JSON Schema says what the structure hook checks."""

from __future__ import annotations

import attrs
import pytest

from semblant.settings.jsonschema import json_schema
from semblant.settings.types import fields
from semblant.spec.model import Spec, TableSpec
from semblant.spec.training import ModelSpec, PrivacySpec, TextModelSpec


def test_bounds_defaults_and_descriptions_are_there() -> None:
    epochs = json_schema(ModelSpec)["properties"]["max_epochs"]
    assert epochs == {
        "description": "passes over the data at most",
        "default": "auto",
        "anyOf": [{"type": "integer", "minimum": 1, "maximum": 100_000}, {"const": "auto"}],
    }


def test_a_list_of_texts_may_be_one_text() -> None:
    forms = json_schema(TableSpec)["properties"]["primary_key"]["anyOf"]
    expected = [{"type": "string"}, {"type": "array", "items": {"type": "string"}}, {"type": "null"}, {"const": "auto"}]
    assert sorted(forms, key=str) == sorted(expected, key=str)


def test_what_has_no_default_is_required_and_unknown_keys_are_not_allowed() -> None:
    schema = json_schema(Spec)
    assert schema["required"] == ["source"]
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("cls", [Spec, TableSpec, ModelSpec, TextModelSpec, PrivacySpec])
def test_every_key_has_a_description(cls: type) -> None:
    properties = json_schema(cls)["properties"]
    assert list(properties) == list(fields(cls))
    assert all(properties[key].get("description") for key in properties)


def test_every_reference_leads_somewhere() -> None:
    schema = json_schema(Spec)

    def references(node: object) -> set[str]:
        if isinstance(node, dict):
            own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
            return own.union(*(references(value) for value in node.values()))
        return set().union(*map(references, node)) if isinstance(node, list) else set()

    assert references(schema) == {f"#/$defs/{name}" for name in schema["$defs"]}
    assert attrs.has(Spec)
