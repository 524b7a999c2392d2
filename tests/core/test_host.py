"""The plugin host: what it finds, how it isolates, and what it says."""

from __future__ import annotations

import logging
import sys
import textwrap
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from semblant.errors import (
    DuplicateComponentError,
    MissingDependencyError,
    PluginError,
    SemblantError,
    UnknownComponentError,
)
from semblant.events import Event, EventKind
from semblant.host import KINDS, PluginHost, Status
from tests.distributions import Distributions, source_plugin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from semblant.host import Failure, PluginRow


@pytest.fixture
def distributions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Distributions]:
    before = set(sys.modules)
    yield Distributions(tmp_path / "site", monkeypatch)
    for name in set(sys.modules) - before:
        if name.endswith("_module"):
            del sys.modules[name]


def failure_of(host: PluginHost, distribution: str) -> Failure:
    found = [failure for failure in host.failures if failure.distribution == distribution]
    assert len(found) == 1, f"expected one failure of {distribution}, got {host.failures}"
    return found[0]


def row_of(host: PluginHost, name: str) -> PluginRow:
    found = [row for row in host.plugins() if row.name == name]
    assert len(found) == 1, f"expected one row '{name}', got {found}"
    return found[0]


BROKEN = {
    "import-error": ("import a_package_that_nobody_has", "failed to import: ModuleNotFoundError: No module named"),
    "syntax-error": ("def semblant_sources(:", "failed to import: SyntaxError"),
    "exits": ("import sys; sys.exit(3)", "failed to import: it called sys.exit(3)"),
    "base-exception": (
        "class Panic(BaseException): pass\nraise Panic('out of coffee')",
        "failed to import: Panic: out of coffee",
    ),
    "raises": (
        """
        from semblant import hookimpl
        @hookimpl
        def semblant_models(): raise RuntimeError("no licence")
        """,
        "raised in 'semblant_models': RuntimeError: no licence",
    ),
    "exits-in-hook": (
        """
        import sys
        from semblant import hookimpl
        @hookimpl
        def semblant_models(): sys.exit()
        """,
        "raised in 'semblant_models': it called sys.exit()",
    ),
    "wrong-signature": (
        """
        from semblant import hookimpl
        @hookimpl
        def semblant_sources(settings): return []
        """,
        "was refused: the hook 'semblant_sources' has the wrong signature (settings): it is never given 'settings'",
    ),
    "misspelt": (
        """
        from semblant import hookimpl
        @hookimpl
        def semblant_source(): return []
        """,
        "was refused: there is no hook 'semblant_source', did you mean 'semblant_sources'?",
    ),
    "unmarked": (
        "def semblant_sources(): return []",
        "was refused: 'semblant_sources' is not marked with @semblant.hookimpl",
    ),
    "returns-garbage": (
        """
        from semblant import hookimpl
        @hookimpl
        def semblant_sources(): return 42
        """,
        "returned int from 'semblant_sources'; it must be a list of SourceType",
    ),
    "garbage-in-list": (
        """
        from semblant import hookimpl
        @hookimpl
        def semblant_sources(): return [{"name": "acme"}]
        """,
        "returned dict in the list from 'semblant_sources'; each must be a SourceType",
    ),
    "unknown-kind": (
        """
        from semblant import RendererType, hookimpl
        @hookimpl
        def semblant_sources(): return [RendererType(name="acme", factory="pathlib:Path", summary="a test")]
        """,
        "returned RendererType in the list from 'semblant_sources'; each must be a SourceType",
    ),
    "old-api": (
        """
        from semblant import SourceType, hookimpl
        @hookimpl
        def semblant_sources(): return [SourceType("acme", factory_class="Acme")]
        """,
        "raised in 'semblant_sources': TypeError: ",
    ),
    "twice": (
        """
        from semblant import SourceType, hookimpl
        @hookimpl
        def semblant_sources():
            return [SourceType(name="same", factory="pathlib:Path", summary=text) for text in ("one", "two")]
        """,
        "offers the source 'same' twice",
    ),
    "wrapper": (
        """
        from semblant import hookimpl
        @hookimpl(wrapper=True)
        def semblant_sources(): return (yield)
        """,
        "was refused: 'semblant_sources' is a hook wrapper",
    ),
    "bad-name": (
        source_plugin("Acme Warehouse"),
        "offers the source 'Acme Warehouse' with a name that is not lower case",
    ),
    "bad-factory": (
        """
        from semblant import SourceType, hookimpl
        @hookimpl
        def semblant_sources(): return [SourceType(name="acme", factory="acme.source.Acme", summary="a test")]
        """,
        "which is not of the form 'package.module:attribute'",
    ),
    "bad-settings": (source_plugin("acme", "settings=dict"), "which is not an attrs class"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_plugin_leaves_the_others_alone(fault: str, distributions: Distributions) -> None:
    code, reason = BROKEN[fault]
    alone = {row.name for row in PluginHost().plugins()}
    distributions.install("aaa-first", source_plugin("first"))
    distributions.install(f"broken-{fault}", code, plugin="broken")
    distributions.install("zzz-last", source_plugin("last"))

    host = PluginHost()

    failure = failure_of(host, f"broken-{fault}")
    assert reason in failure.reason
    assert (failure.plugin, failure.version) == ("broken", "1.0")
    assert host.get("source", "first").name == "first"
    assert host.get("source", "last").name == "last"
    assert {row.name for row in host.plugins()} == alone | {"first", "last", "broken"}
    row = row_of(host, "broken")
    assert (row.kind, row.status, row.reason) == ("plugin", Status.FAILED, failure.reason)


def test_a_failed_plugin_is_told_to_whoever_asks_for_a_name_that_is_not_there(distributions: Distributions) -> None:
    distributions.install("acme-semblant", "import a_package_that_nobody_has", plugin="acme", version="2.1")
    distributions.install("fine", source_plugin("warehouse"))

    with pytest.raises(UnknownComponentError) as caught:
        PluginHost().get("source", "warehose")

    text = str(caught.value)
    assert "there is no source 'warehose'" in text
    assert "did you mean 'warehouse'?" in text
    assert "plugin 'acme' (acme-semblant 2.1) failed to import: ModuleNotFoundError" in text


def test_a_name_of_another_kind_is_pointed_out(distributions: Distributions) -> None:
    distributions.install("fine", source_plugin("warehouse"))

    with pytest.raises(UnknownComponentError, match=r"no destination 'warehouse' \(there is a source of that name\)"):
        PluginHost().get("destination", "warehouse")


def test_an_unknown_kind_lists_the_kinds() -> None:
    with pytest.raises(UnknownComponentError, match="a kind is one of source, destination, model"):
        PluginHost().get("sauce", "files")


def test_a_failure_says_what_version_the_plugin_was_made_for(distributions: Distributions) -> None:
    distributions.install("old", "from semblant import register_source", requires="semblant<0.1,>=0.0.3")

    assert failure_of(PluginHost(), "old").reason.endswith("(it was made for semblant<0.1,>=0.0.3)")


def test_a_slow_import_is_noted_and_works(distributions: Distributions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semblant.plugins.loading.SLOW_SECONDS", 0.05)
    distributions.install("quick", source_plugin("quick"))
    distributions.install("slow", "import time; time.sleep(0.06)\n" + textwrap.dedent(source_plugin("slow")))

    host = PluginHost()

    assert host.get("source", "slow").name == "slow"
    assert row_of(host, "slow").status is Status.OK
    assert "importing it took 0.1 s" in row_of(host, "slow").reason
    assert row_of(host, "quick").reason == ""


def test_a_name_of_two_distributions_belongs_to_neither(distributions: Distributions) -> None:
    distributions.install("acme-one", source_plugin("warehouse"), plugin="one", version="1.1")
    distributions.install("acme-two", source_plugin("warehouse"), plugin="two", version="2.2")
    distributions.install("fine", source_plugin("cellar"))
    host = PluginHost()

    with pytest.raises(DuplicateComponentError) as caught:
        host.get("source", "warehouse")

    assert "plugin 'one' (acme-one 1.1) and by plugin 'two' (acme-two 2.2)" in str(caught.value)
    assert "SEMBLANT_DISABLED_PLUGINS=acme-one or SEMBLANT_DISABLED_PLUGINS=acme-two" in str(caught.value)
    with pytest.raises(DuplicateComponentError):
        host.owner("source", "warehouse")
    assert "warehouse" not in host.sources
    assert "warehouse" not in {component.name for component in host.available("source")}
    assert host.get("source", "cellar").name == "cellar"
    assert [row.status for row in host.plugins() if row.name == "warehouse"] == [Status.DUPLICATE] * 2
    assert PluginHost(disabled=["acme-two"]).owner("source", "warehouse").distribution == "acme-one"


def test_a_stranger_cannot_take_over_the_name_of_a_default_plugin(distributions: Distributions) -> None:
    name = next(iter(PluginHost().sources))
    distributions.install("impostor", source_plugin(name), plugin="sources")

    with pytest.raises(DuplicateComponentError, match=r"\(semblant .*plugin 'sources' \(impostor 1\.0\)"):
        PluginHost().get("source", name)


def test_a_missing_package_is_answered_with_the_pip_line(distributions: Distributions) -> None:
    needs = "requires=('a_package_that_nobody_has', 'pathlib'), distribution='acme-semblant', extra='warehouse'"
    distributions.install("acme-semblant", source_plugin("acme", needs))
    host = PluginHost()

    with pytest.raises(MissingDependencyError, match="source 'acme' needs 'a_package_that_nobody_has'") as caught:
        host.get("source", "acme")

    assert caught.value.fix == "pip install 'acme-semblant[warehouse]'"
    assert "acme" in host.sources
    assert "acme" not in {component.name for component in host.available("source")}
    assert host.owner("source", "acme").distribution == "acme-semblant"
    row = row_of(host, "acme")
    assert (row.status, row.reason, row.install) == (
        Status.UNAVAILABLE,
        "needs a_package_that_nobody_has",
        caught.value.fix,
    )


def test_two_plugins_may_have_the_same_entry_point_name(distributions: Distributions) -> None:
    distributions.install("acme-one", source_plugin("one"), plugin="acme")
    distributions.install("acme-two", source_plugin("two"), plugin="acme")
    host = PluginHost()

    assert (host.owner("source", "one").distribution, host.owner("source", "two").distribution) == (
        "acme-one",
        "acme-two",
    )


@pytest.mark.parametrize("name", ["acme", "Acme_Semblant", "acme-semblant:acme"])
def test_a_disabled_plugin_is_never_imported(name: str, distributions: Distributions) -> None:
    distributions.install("acme-semblant", "raise RuntimeError('imported')", plugin="acme")

    host = PluginHost.from_environment(environment={"SEMBLANT_DISABLED_PLUGINS": f"other, {name}"})

    assert host.failures == ()
    assert row_of(host, "acme").status is Status.DISABLED
    with pytest.raises(UnknownComponentError, match=r"plugin 'acme' \(acme-semblant 1\.0\) is disabled"):
        host.get("source", "acme")


@pytest.mark.parametrize("environment", [{"SEMBLANT_NO_THIRD_PARTY": "1"}, {"SEMBLANT_ALLOWED_PLUGINS": "other"}])
def test_third_parties_can_be_left_out(environment: dict[str, str], distributions: Distributions) -> None:
    own = PluginHost().sources
    distributions.install("acme-semblant", "raise RuntimeError('imported')", plugin="acme")

    host = PluginHost.from_environment(environment=environment)

    assert host.sources == own
    assert host.failures == ()
    assert row_of(host, "acme").status is Status.DISABLED


def test_the_command_line_overrides_what_the_environment_allows(distributions: Distributions) -> None:
    distributions.install("acme-semblant", source_plugin("acme"))

    assert "acme" in PluginHost.from_environment(environment={"SEMBLANT_NO_THIRD_PARTY": "0"}).sources
    assert "acme" not in PluginHost.from_environment(third_party=False, environment={}).sources


def test_only_allowed_third_parties_are_loaded(distributions: Distributions) -> None:
    distributions.install("acme-one", source_plugin("one"))
    distributions.install("acme-two", source_plugin("two"))

    host = PluginHost(allow=["acme-two"])

    assert {"one", "two"} & set(host.sources) == {"two"}


OBSERVERS = """
    from semblant import hookimpl
    seen = []

    @hookimpl
    def semblant_job_event(event):
        seen.append(event.message)
        {then}
"""


@pytest.mark.parametrize("then", ["raise ValueError('full')", "import sys; sys.exit()"])
def test_an_observer_that_raises_is_logged_by_name_and_disturbs_nothing(
    then: str, distributions: Distributions, caplog: pytest.LogCaptureFixture
) -> None:
    distributions.install("aaa-bad", OBSERVERS.format(then=then), plugin="bad")
    distributions.install("zzz-good", OBSERVERS.format(then="pass"), plugin="good")
    host = PluginHost()

    with caplog.at_level(logging.WARNING, "semblant.plugins"):
        host.observe(Event(kind=EventKind.NOTICE, message="one"))
        host.observe(Event(kind=EventKind.NOTICE, message="two"))

    assert sys.modules["zzz_good_module"].seen == ["one", "two"]
    assert sys.modules["aaa_bad_module"].seen == ["one", "two"]
    assert [record.getMessage().startswith("plugin 'bad' (aaa-bad 1.0) raised") for record in caplog.records] == [True]
    assert row_of(host, "good").kind == "observer"


def test_an_observer_need_not_take_the_event(distributions: Distributions) -> None:
    code = "from semblant import hookimpl\ncalls = []\n@hookimpl\ndef semblant_job_event(): calls.append(1)\n"
    distributions.install("counter", code)

    PluginHost().observe(Event(kind=EventKind.NOTICE))

    assert sys.modules["counter_module"].calls == [1]


def test_ctrl_c_is_not_a_fault_of_the_plugin(distributions: Distributions) -> None:
    distributions.install("acme-semblant", "raise KeyboardInterrupt")

    with pytest.raises(KeyboardInterrupt):
        PluginHost()


def test_a_program_can_add_its_own_plugin() -> None:
    import semblant

    class Mine:
        @semblant.hookimpl
        def semblant_sources(self) -> list[semblant.SourceType]:
            return [semblant.SourceType(name="mine", factory="pathlib:Path", summary="made here")]

    host, other = PluginHost(), PluginHost()
    host.add(Mine(), "mine")

    assert host.get("source", "mine").summary == "made here"
    assert "mine" not in other.sources
    with pytest.raises(PluginError, match=r"plugin 'mine' .* has no hooks"):
        host.add(object(), "mine")


LOCATED = "schemes=('acme',), suffixes=('.acme', '.acme.gz'), from_location='{module}:settings'"
SETTINGS = """
        def settings(location):
            if "broken" in location: raise KeyError(location)
            return {"place": location.removeprefix("acme://")}
"""


def test_a_location_is_given_to_whoever_claims_its_scheme_or_suffix(
    distributions: Distributions, tmp_path: Path
) -> None:
    distributions.install("acme", source_plugin("acme", LOCATED.format(module="acme_module")) + SETTINGS)
    host = PluginHost()

    for location, place in {"acme://a/b": "a/b", "ACME+tls://a": "ACME+tls://a", "x/Data.ACME": "x/Data.ACME"}.items():
        component, settings = host.for_location("source", location)
        assert (component.name, settings) == ("acme", {"place": place})
    folder = tmp_path / "folder.acme"
    folder.mkdir()
    for location in ("data.csv", str(folder), "https://host/data.acme.csv", "zip://*.csv::s3://bucket/a.zip"):
        assert host.for_location("source", location)[0].name == "files"
    if find_spec("s3fs"):
        assert host.for_location("source", "s3://bucket/data.acme.csv")[0].name == "s3"
    else:
        with pytest.raises(SemblantError, match="s3fs"):
            host.for_location("source", "s3://bucket/data.acme.csv")
    assert host.for_location("destination", "out/")[0].name == "folder"
    assert host.for_location("destination", "sftp://host/out")[0].name == "objects"


def test_a_scheme_that_nobody_opens_is_said_without_its_password() -> None:
    with pytest.raises(UnknownComponentError, match="no source opens 'nosuchdb://' URLs") as caught:
        PluginHost().for_location("source", "nosuchdb://user:hunter2@host/db")

    assert "hunter2" not in str(caught.value)


def test_a_location_that_its_plugin_cannot_read_is_blamed_on_it_and_hidden(distributions: Distributions) -> None:
    distributions.install("acme", source_plugin("acme", LOCATED.format(module="acme_module")) + SETTINGS)

    with pytest.raises(PluginError, match=r"plugin 'acme' \(acme 1\.0\) could not read the location") as caught:
        PluginHost().for_location("source", "acme://broken:hunter2@host")

    assert "hunter2" not in str(caught.value)


def test_two_claims_to_one_suffix_name_both(distributions: Distributions) -> None:
    distributions.install("acme-one", source_plugin("one", "suffixes='.acme'"))
    distributions.install("acme-two", source_plugin("two", "suffixes='.acme'"))

    with pytest.raises(
        DuplicateComponentError, match=r"'one' of plugin .*acme-one 1\.0.* and 'two' of plugin .*acme-two"
    ):
        PluginHost().for_location("source", "x.acme")


HOOKS = {
    "semblant_sources": ("source", "SourceType"),
    "semblant_destinations": ("destination", "DestinationType"),
    "semblant_models": ("model", "ModelType"),
    "semblant_report_sections": ("section", "SectionType"),
    "semblant_report_renderers": ("renderer", "RendererType"),
    "semblant_validators": ("validator", "ValidatorType"),
    "semblant_executors": ("executor", "ExecutorType"),
}


@pytest.mark.parametrize("hook", HOOKS)
def test_what_a_hook_returns_can_be_looked_up_and_made(hook: str, distributions: Distributions) -> None:
    kind, descriptor = HOOKS[hook]
    code = f"""
        from semblant import {descriptor}, hookimpl

        class Made:
            def __init__(self, settings): self.settings = settings

        @hookimpl
        def {hook}():
            able = {{"quick": True}}
            return [{descriptor}(name="mine", factory="acme_module:Made", summary="a test", capabilities=able)]
    """
    distributions.install("acme", code)
    host = PluginHost()

    component = host.get(kind, "mine")

    assert component.create().settings == component.settings()
    assert component in host.available(kind)
    assert host.owner(kind, "mine").distribution == "acme"
    row = row_of(host, "mine")
    assert (row.kind, row.status, row.capabilities["quick"]) == (kind, Status.OK, True)
    by_kind = {name: getattr(host, f"{name}s") for name in KINDS}
    assert {name for name, found in by_kind.items() if "mine" in found} == {kind}


def test_sections_come_in_the_order_of_the_report(distributions: Distributions) -> None:
    code = """
        from semblant import SectionType, hookimpl

        @hookimpl
        def semblant_report_sections():
            places = {"late": 9_000, "early": -9_000}
            return [SectionType(name=name, factory="a:b", summary="-", order=place) for name, place in places.items()]
    """
    distributions.install("acme", code)

    names = list(PluginHost().sections)

    assert (names[0], names[-1]) == ("early", "late")


def test_every_component_of_the_default_plugins_has_an_owner_and_a_summary() -> None:
    host = PluginHost(third_party=False)

    assert host.failures == ()
    rows = [row for row in host.plugins() if row.kind in KINDS]
    assert {row.kind for row in rows} >= {"source", "destination", "model", "section", "renderer", "validator"}
    for row in rows:
        assert host.owner(row.kind, row.name).distribution == row.distribution == "semblant"
        assert row.summary
        assert row.status in {Status.OK, Status.UNAVAILABLE}
        assert row.as_dict()["name"] == row.name
