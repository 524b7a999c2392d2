"""What holds for components of every kind: an honest descriptor, a settings class, no secret in sight."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import pytest

from semblant.settings.fields import bounds
from semblant.settings.secret import Secret
from semblant.settings.structure import structure, unstructure
from semblant.settings.types import fields
from semblant.testing.capabilities import FLAGS, skip_unless

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.components import Component

CANARY = "kit-canary-5f1c"
"""A secret that must never be seen."""
_SHARED = pytest.StashKey[dict[str, Any]]()
_TELLING = re.compile(r"password|passwd|secret|token|credential|api_?key|private_?key", re.IGNORECASE)


class ComponentConformance:
    """The checks of descriptor and settings that every conformance class begins with."""

    component: ClassVar[Component]
    """The descriptor that the plugin's hook returns."""
    kind: ClassVar[str]
    """The kind of component that the class is for; set by the kit."""
    protocol: ClassVar[type]
    """What the component makes; set by the kit."""
    known_gaps: ClassVar[Mapping[str, str]] = {}
    """Name of a check (with its case in brackets, or without for all cases) and why it fails: a strict xfail."""

    @pytest.fixture(autouse=True)
    def _conditions(self, request: pytest.FixtureRequest) -> None:
        """Skip what the component does not offer and expect known gaps to fail."""
        name = request.node.name
        reason = self.known_gaps.get(name) or self.known_gaps.get(name.partition("[")[0])
        if reason:
            request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
        for flag in getattr(request.function, FLAGS, ()):
            skip_unless(self, flag)

    def settings(self, folder: Path) -> Any:
        """Give the settings to test with; ``folder`` is empty and the check's own.

        The default is the settings class without arguments.
        """
        return self.component.settings()

    def make(self, settings: Any) -> Any:
        """Make the component's object; by default as the engine does."""
        return self.component.create(settings)

    def shared(self, request: pytest.FixtureRequest, name: str, make: Any) -> Any:
        """Make something once for all checks of the class."""
        node = request.node.getparent(pytest.Class)
        assert node is not None
        kept = node.stash.setdefault(_SHARED, {})
        if name not in kept:
            kept[name] = make()
        return kept[name]

    def test_the_kind_is_the_one_of_this_class(self) -> None:
        """The descriptor is of the kind that is tested."""
        assert self.component.kind == self.kind

    def test_the_name_is_lower_case_without_blanks(self) -> None:
        """A name stands in specs and on command lines."""
        assert re.fullmatch(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*", self.component.name), self.component.name

    def test_the_summary_is_one_line(self) -> None:
        """``semblant plugins`` shows it."""
        assert 8 <= len(self.component.summary) <= 200
        assert "\n" not in self.component.summary

    def test_the_factory_is_a_dotted_path(self) -> None:
        """``package.module:attribute``, so that listing imports nothing."""
        assert re.fullmatch(r"[\w.]+:\w+", self.component.factory), self.component.factory
        assert callable(self.component.load())

    def test_what_is_required_are_top_level_modules_that_can_be_imported(self) -> None:
        """Every name in ``requires`` is a module and is found."""
        for name in self.component.requires:
            assert name.isidentifier(), name
            importlib.import_module(name)
        assert self.component.missing() == ()

    def test_what_is_missing_is_told_with_a_pip_line(self) -> None:
        """The advice names something that pip can install."""
        if not self.component.requires:
            pytest.skip("it requires nothing")
        assert re.fullmatch(r"pip install .+", self.component.install)

    def test_the_capabilities_are_plain_facts(self) -> None:
        """They are listed as JSON."""
        assert json.loads(json.dumps(dict(self.component.capabilities))) is not None

    def test_the_settings_are_a_frozen_attrs_class(self, tmp_path: Path) -> None:
        """No settings object changes after it was checked."""
        assert attrs.has(self.component.settings)
        given = self.settings(tmp_path)
        for attribute in attrs.fields(self.component.settings):
            with pytest.raises(attrs.exceptions.FrozenInstanceError):
                setattr(given, attribute.name, None)

    def test_the_settings_are_given_by_keyword(self) -> None:
        """A position would tie the order of fields for ever."""
        assert all(attribute.kw_only for attribute in attrs.fields(self.component.settings))

    def test_every_setting_has_a_help_text(self) -> None:
        """Fields are made with ``semblant.settings.setting(help=...)``."""
        bare = [a.name for a in attrs.fields(self.component.settings) if not bounds(a).get("help")]
        assert bare == []

    def test_every_default_is_a_value_that_the_setting_takes(self) -> None:
        """What is the default may also be written in a spec."""
        for name, (attribute, _) in fields(self.component.settings).items():
            if attribute.default is attrs.NOTHING:
                continue
            factory = getattr(attribute.default, "factory", None)
            value = attribute.default if factory is None else factory()
            _, found = structure(self.component.settings, {name: unstructure(value)})
            assert [str(finding) for finding in found if finding.path.startswith(name)] == []

    def test_the_settings_come_from_plain_data_and_go_back(self, tmp_path: Path) -> None:
        """A spec is plain data; what is written back means the same."""
        given = self.settings(tmp_path)
        again, found = structure(self.component.settings, json.loads(json.dumps(unstructure(given))))
        assert [str(finding) for finding in found] == []
        assert again == given

    def test_an_unknown_setting_is_refused(self) -> None:
        """A misspelt key is never silent."""
        made, found = structure(self.component.settings, {"no_such_setting_of_anybody": 1})
        assert made is None
        assert any("no_such_setting_of_anybody" in finding.path for finding in found)

    def test_settings_that_sound_like_secrets_are_of_the_type_secret(self) -> None:
        """A password in plain text ends in logs, specs and reports."""
        for name, (_, kind) in fields(self.component.settings).items():
            if _TELLING.search(name):
                assert kind is Secret or Secret in getattr(kind, "__args__", ()), f"'{name}' is {kind}"

    def test_a_secret_is_in_no_text_of_the_settings(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Neither a value given by mistake instead of a reference, nor one behind a reference."""
        given = self.with_secrets(self.settings(tmp_path), Secret(CANARY))
        assert CANARY not in repr(given)
        assert CANARY not in str(given)
        monkeypatch.setenv("SEMBLANT_KIT_SECRET", CANARY)
        behind = self.with_secrets(self.settings(tmp_path), Secret("env:SEMBLANT_KIT_SECRET"))
        assert CANARY not in f"{behind!r} {behind} {unstructure(behind)}"

    def test_the_settings_load_nothing_that_is_only_required_to_work(self) -> None:
        """Listing plugins is quick: the module of the settings imports no module named in ``requires``."""
        code = (
            "import importlib, sys; importlib.import_module(sys.argv[1]); "
            "print([name for name in sys.argv[2:] if name in sys.modules])"
        )
        done = subprocess.run(  # noqa: S603 - our own interpreter and code
            [sys.executable, "-c", code, self.component.settings.__module__, *self.component.requires],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert done.stdout.strip() == "[]"

    def test_two_objects_can_be_made(self, tmp_path: Path) -> None:
        """Several engines live in one process: nothing is global."""
        given = self.settings(tmp_path)
        assert self.make(given) is not self.make(given)

    def test_the_object_follows_the_protocol(self, tmp_path: Path) -> None:
        """Every method is there."""
        assert isinstance(self.make(self.settings(tmp_path)), self.protocol)

    def with_secrets(self, settings: Any, secret: Secret) -> Any:
        """Put ``secret`` into every secret field; skips the running check when there is none."""
        found: dict[str, Any] = {}
        for attribute, kind in fields(self.component.settings).values():
            if kind is Secret or Secret in getattr(kind, "__args__", ()):
                named = getattr(kind, "__origin__", None) is Mapping
                found[attribute.name] = {"kit": secret} if named else secret
        if not found:
            pytest.skip("no setting is a secret")
        return attrs.evolve(settings, **found)
