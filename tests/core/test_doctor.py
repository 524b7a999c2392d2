"""The doctor: what it looks at, and that it says how to mend it."""

from __future__ import annotations

import json

import pytest

from semblant.components import SourceType
from semblant.doctor import CheckResult, Health, connectors, examination, examine, installation, machine, place, worst
from semblant.home import Home
from semblant.hookspecs import hookimpl
from semblant.host import PluginHost
from semblant.machine import allowed_processors, available_memory
from semblant.spec.load import load_spec


def only(results):
    (found,) = results
    return found


@pytest.mark.feature(267)
def test_every_area_is_looked_at_and_whatever_is_wrong_has_a_mend(tmp_path):
    results = examine(home=Home(tmp_path / "home"), deep=False)
    assert {result.area for result in results} == {"installation", "plugins", "machine", "home", "connectors"}
    assert all(result.fix for result in results if result.health is not Health.OK)
    assert json.loads(json.dumps([result.as_dict() for result in results]))


def test_the_worst_decides():
    made = [
        CheckResult(area="a", name="n", health=health, message="") for health in (Health.OK, Health.FAIL, Health.WARN)
    ]
    assert worst(made) is Health.FAIL
    assert worst(made[::2]) is Health.WARN


def test_a_check_that_fails_itself_is_told_without_secrets_and_the_others_go_on(monkeypatch, tmp_path):
    def broken(found):
        raise RuntimeError("password=hunter22XYZ")

    monkeypatch.setattr(place, "disk", broken)
    results = examine(home=Home(tmp_path), deep=False)
    disk = only(result for result in results if result.name == "disk")
    assert disk.health is Health.WARN
    assert "hunter22XYZ" not in disk.message
    assert results[-1].area == "connectors"


def test_a_package_in_a_wrong_version_is_named_with_the_version_wanted():
    result = only(installation.packages(["attrs>=999; extra == 'models'"]))
    assert result.health is Health.FAIL
    assert "wanted >=999" in result.message
    assert result.fix == "pip install 'semblant[models]'"


def test_a_missing_package_of_the_core_fails_and_an_extra_nobody_asked_for_does_not():
    core = only(installation.packages(["no-such-package>=1"]))
    assert (core.health, core.fix) == (Health.FAIL, "pip install --upgrade semblant")
    extra = only(installation.packages(["no-such-package>=1; extra == 's3'"]))
    assert extra.health is Health.OK
    assert "pip install 'semblant[s3]'" in extra.fix
    half = only(installation.packages(["no-such-package; extra == 's3'", "attrs; extra == 's3'"]))
    assert half.health is Health.WARN


def test_missing_report_packages_are_a_warning():
    assert only(installation.packages(["no-such-package; extra == 'reports'"])).health is Health.WARN


@pytest.mark.parametrize(
    ("version", "bounds", "kept"),
    [
        ("0.0.2", [(">=", "0.6")], False),
        ("0.6", [(">=", "0.6.0")], True),
        ("24.1.0", [("<", "24")], False),
        ("23.2.0.post1", [("<", "24"), (">=", "23.2")], True),
        ("1.10", [(">", "1.9")], True),
    ],
)
def test_versions_are_compared_by_number(version, bounds, kept):
    assert installation.satisfies(version, bounds) is kept


def test_a_jax_that_dies_is_told_and_does_not_take_us_along():
    killed = only(installation.jax_computes("import os, signal; os.kill(os.getpid(), signal.SIGILL)"))
    assert killed.health is Health.FAIL
    assert "does not fit the processor" in killed.message
    broken = only(installation.jax_computes("raise ImportError('libfoo.so is missing')"))
    assert "libfoo.so is missing" in broken.message


def test_a_plugin_that_cannot_be_loaded_is_listed_and_no_sources_at_all_fail():
    class Clash:
        @hookimpl
        def semblant_sources(self):
            return [SourceType(name="files", factory="x:y", summary="another")]

    host = PluginHost()
    host.add(Clash(), "clash")
    results = installation.plugins(host)
    assert any("duplicate" in result.message and result.fix for result in results)
    empty = installation.plugins(PluginHost(disabled=("semblant",)))
    assert any(result.health is Health.FAIL and "no usable source" in result.message for result in empty)


def test_a_container_limits_processors_and_memory(tmp_path):
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    (tmp_path / "memory.max").write_text(str(2**30))
    (tmp_path / "memory.current").write_text(str(2**30 - 2**20))
    assert allowed_processors(tmp_path) == 0.5
    assert only(machine.processors(tmp_path)).health is Health.WARN
    assert available_memory(tmp_path) == (2**20, 2**30)
    assert only(machine.memory(tmp_path)).health is Health.FAIL
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert allowed_processors(tmp_path) >= 1


def test_a_clock_that_was_never_set_is_noticed():
    assert only(machine.clock(0.0)).health is Health.WARN
    assert only(machine.clock(1_900_000_000.0)).health is Health.OK


def test_a_home_that_cannot_be_made_fails_with_a_mend(tmp_path):
    (tmp_path / "file").write_text("")
    result = only(place.home(Home(tmp_path / "file" / "home")))
    assert result.health is Health.FAIL
    assert "SEMBLANT_HOME" in result.fix


def test_a_home_that_others_can_read_is_warned_of(tmp_path):
    home = Home(tmp_path / "home")
    assert [result.name for result in place.home(home)] == ["home"]
    home.root.chmod(0o755)
    assert "chmod 700" in place.home(home)[-1].fix


def test_little_space_is_warned_of_and_none_fails(tmp_path, monkeypatch):
    for free, health in ((10 * 2**30, Health.OK), (2**30, Health.WARN), (2**20, Health.FAIL)):
        monkeypatch.setattr("shutil.disk_usage", lambda path, free=free: type("Usage", (), {"free": free}))
        assert {result.health for result in place.disk(Home(tmp_path))} == {health}


def test_source_and_destination_of_a_spec_are_reached_for(tmp_path):
    data = tmp_path / "customers.csv"
    data.write_text("id,age\n1,2\n2,3\n")
    host = PluginHost()
    spec = load_spec(
        {
            "source": {"type": "files", "path": str(data)},
            "destination": {"type": "folder", "path": str(tmp_path / "out")},
        },
        host,
        environment={},
    )
    assert only(connectors.source(spec, host)).message == "can be read, 1 table"
    assert only(connectors.destination(spec, host)).health is Health.OK
    data.unlink()
    gone = only(connectors.source(spec, host))
    assert gone.health is Health.FAIL
    assert "customers.csv" in gone.message


def test_the_examination_of_a_spec_has_both_ends(tmp_path):
    assert examination.worst([]) is Health.OK
