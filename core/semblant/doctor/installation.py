"""Python, packages and plugins."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import metadata
from typing import TYPE_CHECKING, Final

from attrs import frozen

from semblant.doctor.result import CheckResult, Health

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from semblant.host import PluginHost

_NEWEST_TRIED: Final = (3, 14)
_OLDEST: Final = (3, 11)
_JAX_SECONDS: Final = 120
_JAX_PROGRAM: Final = (
    "import jax, jax.numpy as jnp; x = jnp.arange(3.0); assert float(jax.jit(lambda v: (v * v).sum())(x)) == 5.0; "
    "print(jax.__version__, jax.devices()[0].platform, len(jax.devices()))"
)
_EXTRAS_THAT_MATTER: Final = {"models": "training and generating need it", "reports": "the PDF report needs it"}
_AREA: Final = "installation"


@frozen
class Requirement:
    """A package that the distribution asks for, the extra it belongs to and the bounds of its version.

    >>> parse_requirement("attrs<24; extra == 'models'")
    Requirement(name='attrs', extra='models', bounds=(('<', '24'),))
    """

    name: str
    extra: str = ""
    bounds: tuple[tuple[str, str], ...] = ()


def parse_requirement(text: str) -> Requirement:
    """Read a line of the distribution's metadata; markers other than the extra are left aside."""
    head, _, marker = text.partition(";")
    name = re.match(r"[A-Za-z0-9._-]+", head.strip())
    extra = re.search(r"extra\s*==\s*['\"]([^'\"]+)['\"]", marker)
    bounds = tuple(re.findall(r"(>=|<=|<|>|==|!=)\s*([0-9][^\s,;)]*)", head))
    return Requirement(name.group(0) if name else head.strip(), extra.group(1) if extra else "", bounds)


def _numbers(version: str) -> tuple[int, ...]:
    release = re.match(r"\d+(?:\.\d+)*", version)
    found = [int(part) for part in release.group(0).split(".")] if release else [0]
    while len(found) > 1 and found[-1] == 0:
        found.pop()
    return tuple(found)


def satisfies(version: str, bounds: Iterable[tuple[str, str]]) -> bool:
    """Tell whether a version keeps to all bounds, by its release numbers.

    >>> satisfies("0.0.2", [(">=", "0.6")]), satisfies("23.2.0", [("<", "24"), (">=", "23.2")])
    (False, True)
    """
    mine = _numbers(version)
    for sign, bound in bounds:
        other = _numbers(bound)
        kept = {
            ">=": mine >= other,
            "<=": mine <= other,
            ">": mine > other,
            "<": mine < other,
            "==": mine == other,
            "!=": mine != other,
        }[sign]
        if not kept:
            return False
    return True


def python() -> list[CheckResult]:
    """Check the version of Python."""
    found = ".".join(map(str, sys.version_info[:3]))
    fix, health = "", Health.OK
    if sys.version_info[:2] < _OLDEST:
        health, fix = Health.FAIL, "use Python 3.11 or newer"
    elif sys.version_info[:2] > _NEWEST_TRIED:
        health, fix = Health.WARN, "this Python is newer than those that were tried; 3.11 to 3.14 are known to work"
    bits = 64 if sys.maxsize > 2**32 else 32
    if bits == 32:
        health, fix = Health.FAIL, "use a 64-bit Python"
    return [CheckResult(area=_AREA, name="Python", health=health, message=f"{found}, {bits} bit", fix=fix)]


def packages(requirements: Iterable[str] | None = None) -> list[CheckResult]:
    """Check that the packages of the core and of each extra are there in a version that will do.

    :param requirements: lines of metadata; those of the installed distribution when None.
    """
    lines = list(metadata.requires("semblant") or []) if requirements is None else list(requirements)
    groups: dict[str, list[Requirement]] = {}
    for requirement in map(parse_requirement, lines):
        if requirement.name != "semblant" and requirement.extra not in {"test", "all", "standard"}:
            groups.setdefault(requirement.extra, []).append(requirement)
    return [result for extra, members in groups.items() for result in _group(extra, members)]


def _group(extra: str, members: list[Requirement]) -> Iterator[CheckResult]:
    missing, wrong = [], []
    for requirement in members:
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            missing.append(requirement.name)
            continue
        if not satisfies(version, requirement.bounds):
            wanted = ",".join(f"{sign}{bound}" for sign, bound in requirement.bounds)
            wrong.append(f"{requirement.name} {version} (wanted {wanted})")
    line = f"pip install 'semblant[{extra}]'" if extra else "pip install --upgrade semblant"
    name = f"extra '{extra}'" if extra else "core packages"
    if not missing and not wrong:
        yield CheckResult(
            area=_AREA,
            name=name,
            health=Health.OK,
            message=f"{len(members)} package{'' if len(members) == 1 else 's'} there",
        )
        return
    if missing and extra and extra not in _EXTRAS_THAT_MATTER and len(missing) == len(members):
        # an extra that nobody asked for is no fault
        yield CheckResult(
            area=_AREA, name=name, health=Health.OK, message="not installed", fix=f"if you need it: {line}"
        )
        return
    said = "; ".join(
        part
        for part in (
            f"missing: {', '.join(missing)}" if missing else "",
            f"wrong version: {', '.join(wrong)}" if wrong else "",
        )
        if part
    )
    if extra in _EXTRAS_THAT_MATTER:
        said += f"; {_EXTRAS_THAT_MATTER[extra]}"
    health = Health.FAIL if not extra or extra == "models" else Health.WARN
    yield CheckResult(area=_AREA, name=name, health=health, message=said, fix=line)


def jax_computes(program: str = _JAX_PROGRAM) -> list[CheckResult]:
    """Compute with JAX in a process of its own: a wheel for another processor dies, and must not take us along."""
    import importlib.util

    if importlib.util.find_spec("jax") is None:
        return []
    fix = "reinstall it: pip install --force-reinstall --no-cache-dir jax jaxlib"
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", program], capture_output=True, text=True, timeout=_JAX_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return [
            CheckResult(
                area=_AREA, name="JAX", health=Health.FAIL, message=f"did not answer in {_JAX_SECONDS} s", fix=fix
            )
        ]
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"ended with status {done.returncode}"])[-1]
        if done.returncode < 0:
            last = f"was ended by signal {-done.returncode}: this build of jaxlib does not fit the processor"
        return [CheckResult(area=_AREA, name="JAX", health=Health.FAIL, message=last, fix=fix)]
    version, platform, devices = done.stdout.split()[-3:]
    return [
        CheckResult(
            area=_AREA, name="JAX", health=Health.OK, message=f"{version} computes on {platform}, devices: {devices}"
        )
    ]


def plugins(host: PluginHost) -> list[CheckResult]:
    """List the plugins that could not be loaded or clash, and say what there is at all."""
    from semblant.plugins.listing import Status

    rows = host.plugins()
    results = [
        CheckResult(
            area="plugins",
            name=row.name,
            health=Health.WARN,
            message=f"{row.status}: {row.reason}",
            fix=row.install
            or f"reinstall or remove '{row.distribution}', or set SEMBLANT_DISABLED_PLUGINS={row.plugin}",
        )
        for row in rows
        if row.status in {Status.FAILED, Status.DUPLICATE}
    ]
    usable = [row for row in rows if row.status is Status.OK]
    missing = [kind for kind in ("source", "destination", "model") if not any(row.kind == kind for row in usable)]
    if missing:
        fix = (
            "pip install 'semblant[standard]'"
            if missing == ["model"]
            else "pip install --force-reinstall 'semblant[standard]'"
        )
        message = f"there is no usable {' and no usable '.join(missing)}"
        results.append(CheckResult(area="plugins", name="kinds", health=Health.FAIL, message=message, fix=fix))
    message = f"{len(usable)} of {len(rows)} components can be used"
    return [CheckResult(area="plugins", name="components", health=Health.OK, message=message), *results]
