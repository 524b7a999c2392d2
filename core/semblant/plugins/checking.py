"""Run the conformance kit against an installed distribution, in a process of its own, and tell what came of it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

from attrs import asdict, field, frozen

from semblant.errors import MissingDependencyError, PluginError
from semblant.host import PluginHost
from semblant.plugins.discovery import normalized
from semblant.plugins.listing import Status

if TYPE_CHECKING:
    from collections.abc import Mapping

_MODULE: Final = "from semblant.testing.installed import checks_of\n\nglobals().update(checks_of({distribution!r}))\n"
_LONGEST: Final = 300


@frozen(kw_only=True)
class Failed:
    """A check that did not pass, and why in one line."""

    group: str
    """The class of checks, which is about one component."""
    check: str
    reason: str


@frozen(kw_only=True)
class Conformance:
    """What the kit says of a distribution.

    >>> Conformance(distribution="semblant-acme", passed={"TestAcme": 40}).conforms
    True
    """

    distribution: str
    passed: Mapping[str, int] = field(factory=dict)
    """Checks that passed, per class of checks."""
    skipped: Mapping[str, int] = field(factory=dict)
    """Reason and number of checks that were skipped for it."""
    failed: tuple[Failed, ...] = ()

    @property
    def conforms(self) -> bool:
        """Whether something was checked and nothing failed."""
        return bool(self.passed) and not self.failed

    def as_dict(self) -> dict[str, Any]:
        """Give it JSON-ready."""
        return {**asdict(self), "conforms": self.conforms}


def check_distribution(distribution: str, *, timeout_seconds: float = 3600.0) -> Conformance:
    """Run every check that is for the components of an installed distribution.

    :raises PluginError: no such distribution has plugins, or one of them cannot be loaded: why.
    :raises MissingDependencyError: pytest is not installed.
    """
    _hold_loaded(distribution)
    if find_spec("pytest") is None:
        msg = "the conformance kit needs the package 'pytest', which is not installed"
        raise MissingDependencyError(msg, fix="pip install pytest")
    with tempfile.TemporaryDirectory(prefix="semblant-check-") as place:
        module, result = Path(place, "test_conformance.py"), Path(place, "result.xml")
        module.write_text(_MODULE.format(distribution=distribution), encoding="utf-8")
        Path(place, "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        line = ["-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={result}", str(module)]
        done = subprocess.run(  # noqa: S603 - our own interpreter and file
            [sys.executable, *line], cwd=place, capture_output=True, text=True, timeout=timeout_seconds, check=False
        )
        if not result.is_file():
            msg = f"the checks of '{distribution}' could not be run: {_last(done.stderr or done.stdout)}"
            raise PluginError(msg, fix="run pytest on the tests of the distribution to see more")
        return _read(distribution, result)


def _hold_loaded(distribution: str) -> None:
    rows = [row for row in PluginHost().plugins() if normalized(row.distribution) == normalized(distribution)]
    if not rows:
        there = sorted({row.distribution for row in PluginHost().plugins()})
        msg = f"no distribution '{distribution}' with plugins is installed"
        raise PluginError(msg, fix=f"install it first; there are {', '.join(there)}")
    bad = [row for row in rows if row.status is not Status.OK]
    if bad:
        msg = f"the {bad[0].kind} '{bad[0].name}' of '{distribution}' is {bad[0].status}: {bad[0].reason}"
        raise PluginError(msg, fix=bad[0].install or "mend it, then check again; 'semblant plugins' lists it")


def _read(distribution: str, result: Path) -> Conformance:
    """Read the file that pytest wrote."""
    passed: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    failed = []
    for case in ET.parse(result).iter("testcase"):  # noqa: S314 - our own child wrote it
        group = case.get("classname", "").rpartition(".")[2]
        fault = next((part for part in case if part.tag in {"failure", "error"}), None)
        left = case.find("skipped")
        if fault is not None:
            reason = _first(fault.get("message") or fault.text or "")
            failed.append(Failed(group=group, check=case.get("name", ""), reason=reason))
        elif left is not None:
            skipped[left.get("message", "")] += 1
        else:
            passed[group] += 1
    return Conformance(distribution=distribution, passed=dict(passed), skipped=dict(skipped), failed=tuple(failed))


def _first(text: str) -> str:
    """Give what an assertion says, without the pieces that pytest adds."""
    line = next((line for line in text.strip().splitlines() if line.strip()), "")
    return line.removeprefix("AssertionError: ")[:_LONGEST]


def _last(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1][:_LONGEST] if lines else "nothing was said"
