"""What plugins build upon only grows."""

from __future__ import annotations

import copy
import json

import pytest

from semblant.components import CONTRACTS
from semblant.spec.contracts import broken, contracts, main
from tests.meta.tree import ROOT

RECORD = ROOT / "spec" / "contracts.json"


def recorded():
    return json.loads(RECORD.read_text(encoding="utf-8"))


def test_nothing_that_was_recorded_is_broken():
    assert broken(recorded(), contracts()) == []


def test_what_was_added_is_recorded():
    assert contracts() == recorded(), "run: python -m semblant.spec.contracts spec/contracts.json"


def changed(change):
    after = copy.deepcopy(recorded())
    change(after)
    return broken(recorded(), after)


def without_model_method(record):
    del record["protocols"]["Model"]["save"]


BREAKS = {
    "a hook is taken away": (lambda r: r["hooks"].pop("semblant_models"), "the hook 'semblant_models' is gone"),
    "an argument is renamed": (
        lambda r: r["hooks"].update(semblant_job_event=["what"]),
        "the hook 'semblant_job_event' has lost or moved 'event'",
    ),
    "an argument is put before another": (
        lambda r: r["hooks"].update(semblant_job_event=["engine", "event"]),
        "the hook 'semblant_job_event' has lost or moved 'event'",
    ),
    "a method is taken away": (without_model_method, "the protocol 'Model' has changed, and no contract version"),
    "a method has one argument more": (
        lambda r: r["protocols"]["Source"]["read"].append("order="),
        "the protocol 'Source' has changed, and no contract version",
    ),
    "a field is taken away": (
        lambda r: r["descriptors"]["SourceType"].remove("schemes="),
        "'SourceType' has lost the field 'schemes'",
    ),
    "a field loses its default": (
        lambda r: r["descriptors"]["ModelType"].__setitem__(r["descriptors"]["ModelType"].index("learns="), "learns"),
        "the field 'learns' of 'ModelType' has lost its default",
    ),
    "a field is demanded": (
        lambda r: r["objects"]["semblant.training.GenerationRequest"].append("mood"),
        "has a new field 'mood' without a default",
    ),
    "an object is gone": (lambda r: r["objects"].pop("semblant.run.Run"), "'semblant.run.Run' of the objects is gone"),
    "a contract goes back": (
        lambda r: r["contracts"].update(model=[0, 0]),
        "the contract of the kind 'model' went back",
    ),
}


@pytest.mark.parametrize("what", BREAKS)
def test_what_would_break_a_plugin_is_told(what):
    change, said = BREAKS[what]

    assert any(said in line for line in changed(change)), changed(change)


GROWS = {
    "a hook": lambda r: r["hooks"].update(semblant_renamers=["spec"]),
    "an argument behind the others": lambda r: r["hooks"]["semblant_job_event"].append("engine"),
    "a field with a default": lambda r: r["objects"]["semblant.training.GenerationRequest"].append("mood="),
    "a default": lambda r: r["descriptors"]["SourceType"].__setitem__(0, "name="),
    "a protocol": lambda r: r["protocols"].update(Renamer={"rename": ["name"]}),
    "a method, with a new contract": lambda r: (
        r["protocols"]["Source"].update(peek=["table"]),
        r["contracts"].update(source=[1, 2]),
    ),
}


@pytest.mark.parametrize("what", GROWS)
def test_what_only_adds_is_fine(what):
    assert changed(GROWS[what]) == []


def test_the_record_is_not_overwritten_by_what_breaks(tmp_path, capsys):
    path = tmp_path / "contracts.json"
    record = recorded()
    record["hooks"]["semblant_lost"] = ["spec"]
    path.write_text(json.dumps(record), encoding="utf-8")

    assert main([str(path)]) == 1
    assert "the hook 'semblant_lost' is gone" in capsys.readouterr().err
    assert json.loads(path.read_text(encoding="utf-8")) == record
    assert main([str(path), "--break"]) == 0
    assert json.loads(path.read_text(encoding="utf-8")) == contracts()


def test_every_kind_has_a_contract_that_its_own_components_keep():
    from semblant.host import KINDS, PluginHost

    assert set(CONTRACTS) == set(KINDS)
    host = PluginHost(third_party=False)
    for kind in KINDS:
        for row in host.plugins():
            if row.kind == kind and row.status == "ok":
                assert host.get(kind, row.name).contract == CONTRACTS[kind][1]
