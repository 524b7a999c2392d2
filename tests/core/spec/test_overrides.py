"""``--set a.b=c`` and ``SEMBLANT_SET__A__B``."""

from __future__ import annotations

from typing import Any

import pytest

from semblant.spec.overrides import Override, from_environment, merge, parse


def laid(data: dict[str, Any], *texts: str) -> dict[str, Any]:
    for text in texts:
        override = parse(text)
        assert isinstance(override, Override), override
        assert merge(data, override) is None
    return data


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("seed=3", {"seed": 3}),
        ("model.size=large", {"model": {"size": "large"}}),
        ("name=a=b", {"name": "a=b"}),
        ('tables."Order Details".include=false', {"tables": {"Order Details": {"include": False}}}),
        ('tables."a=b"."c.d"=1', {"tables": {"a=b": {"c.d": 1}}}),
        ("report.formats=[pdf, json]", {"report": {"formats": ["pdf", "json"]}}),
        ("privacy={epsilon: 1}", {"privacy": {"epsilon": 1}}),
        ("name=", {"name": None}),
        ("country=no", {"country": "no"}),
        ("tables.2024.include=false", {"tables": {"2024": {"include": False}}}),
    ],
)
def test_a_value_is_yaml_and_lands_in_its_place(text: str, result: dict[str, Any]) -> None:
    assert laid({}, text) == result


def test_lists_are_reached_by_number_in_both_spellings() -> None:
    data = {"keys": [{"a": 1}, {"a": 2}]}
    assert laid(data, "keys[0].a=3", "keys.1.a=4", "keys[2]={a: 5}") == {"keys": [{"a": 3}, {"a": 4}, {"a": 5}]}


def test_an_empty_section_is_filled() -> None:
    assert laid({"model": None}, "model.size=small") == {"model": {"size": "small"}}


@pytest.mark.parametrize("text", ["noequals", "=1", "a..b=1", "[0]=1", "a=[1", "a=b: c: d", 'a."b=1'])
def test_what_cannot_be_read_is_a_finding(text: str) -> None:
    fault = parse(text)
    assert not isinstance(fault, Override)
    assert fault.code == "bad-override"
    assert fault.fix


@pytest.mark.parametrize("text", ["name.x=1", "keys[5]=1", "keys.x=1", "keys[1].a=1", "model[0]=1"])
def test_what_has_no_place_is_a_finding(text: str) -> None:
    override = parse(text)
    assert isinstance(override, Override)
    fault = merge({"name": "a", "keys": [1], "model": {}}, override)
    assert fault is not None
    assert fault.code == "bad-override"


def test_variables_are_read_without_regard_to_case_where_the_spec_has_the_name() -> None:
    environment = {
        "SEMBLANT_SET__MODEL__MAX_EPOCHS": "3",
        "SEMBLANT_SET__TABLES__ORDERDETAILS__INCLUDE": "false",
        "OTHER": "1",
        "SEMBLANT_HOME": "/x",
    }
    found = from_environment(environment, {"tables": {"OrderDetails": {}}})
    assert [(one.keys, one.value) for one in found if isinstance(one, Override)] == [
        (("model", "max_epochs"), 3),
        (("tables", "OrderDetails", "include"), False),
    ]


@pytest.mark.parametrize("name", ["SEMBLANT_SET__", "SEMBLANT_SET__MODEL____SIZE"])
def test_a_variable_without_a_name_is_a_finding(name: str) -> None:
    assert not isinstance(from_environment({name: "1"}, {})[0], Override)
