"""Plugins of another time: refused in words, or warned of where somebody sees it."""

from __future__ import annotations

import warnings

import pluggy
import pytest

from semblant import hookspecs
from semblant.host import PluginHost, Status
from tests.distributions import Distributions, source_plugin


@pytest.fixture
def distributions(tmp_path, monkeypatch):
    return Distributions(tmp_path / "site", monkeypatch)


@pytest.mark.parametrize("contract", [0, 2, "'1'"])
def test_a_component_of_another_contract_is_refused_in_words(contract, distributions):
    distributions.install("of-another-time", source_plugin("acme", f"contract={contract}"), plugin="acme")
    distributions.install("of-today", source_plugin("fine", "contract=1"))

    host = PluginHost()

    (failure,) = [one for one in host.failures if one.distribution == "of-another-time"]
    assert f"contract {contract}" in failure.reason
    assert "this Semblant keeps 1" in failure.reason
    assert host.get("source", "fine").contract == 1


def test_a_plugin_that_uses_what_is_deprecated_is_listed_with_a_warning(distributions, monkeypatch):
    spec = pluggy.HookspecMarker("semblant")

    @spec(warn_on_impl_args={"event": DeprecationWarning("take 'happening' instead; gone in 2.0")})
    def semblant_job_event(event, happening):
        """Observe a job."""

    monkeypatch.setattr(hookspecs, "semblant_job_event", semblant_job_event)
    old = "from semblant import hookimpl\n@hookimpl\ndef semblant_job_event(event): pass\n"
    distributions.install("old-watcher", old, plugin="old", module="old_watcher")
    distributions.install("new-watcher", old.replace("event):", "happening):"), plugin="new", module="new_watcher")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        rows = {row.name: row for row in PluginHost().plugins()}

    assert rows["old"].status is Status.OK
    assert rows["old"].reason == (
        "the argument 'event' of 'semblant_job_event' is deprecated: take 'happening' instead; gone in 2.0"
    )
    assert rows["new"].reason == ""


def test_pluggy_warns_in_the_tests_of_such_a_plugin(distributions, monkeypatch):
    spec = pluggy.HookspecMarker("semblant")

    @spec(warn_on_impl_args={"event": DeprecationWarning("take 'happening' instead")})
    def semblant_job_event(event, happening):
        """Observe a job."""

    monkeypatch.setattr(hookspecs, "semblant_job_event", semblant_job_event)
    old = "from semblant import hookimpl\n@hookimpl\ndef semblant_job_event(event): pass\n"
    distributions.install("old-watcher", old, plugin="old", module="old_watcher")

    with pytest.warns(DeprecationWarning, match="take 'happening' instead"):
        PluginHost()
