"""A saved connector is tried out, in every role that it can have."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from attrs import frozen

from semblant.access import AccessStep, Probe, examine, failed, passed
from semblant.connectors.checking import BOTH, DESTINATION, SOURCE, of_role, offered
from semblant.errors import SemblantError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.connectors.expanding import Saved
    from semblant.host import PluginHost


@frozen(kw_only=True)
class Trial:
    """One step of one role."""

    role: str
    probe: Probe


def try_out(host: PluginHost, saved: Saved, kind: str = BOTH) -> Iterator[Trial]:
    """Try a connector as source and as destination; steps that both have are told once.

    A source that fails because nothing has been written yet does not hide whether it can be written to.
    """
    told: set[AccessStep] = set()
    for role in (DESTINATION, SOURCE):
        if kind not in {role, BOTH}:
            continue
        for probe in _tried(host, saved, role):
            if probe.step in told and probe.passed:
                continue
            if probe.passed:
                told.add(probe.step)
            elif probe.step is AccessStep.READ and AccessStep.WRITE in told:
                probe = passed(AccessStep.READ, f"it can be written; to read there is nothing yet ({probe.message})")  # noqa: PLW2901
            yield Trial(role=role, probe=probe)
            if not probe.passed and probe.step not in {AccessStep.READ, AccessStep.WRITE}:
                return


def _tried(host: PluginHost, saved: Saved, role: str) -> Iterator[Probe]:
    from semblant.planning import open_destination, open_source
    from semblant.spec.model import Selected, Spec

    last = AccessStep.WRITE if role == DESTINATION else AccessStep.READ
    try:
        settings = of_role(offered(host, saved.type)[role], saved.settings)
        opened = (
            open_destination(saved.type, dict(settings), host)
            if role == DESTINATION
            else open_source(Spec(source=Selected(type=saved.type, settings=settings)), host)
        )
    except SemblantError as exc:
        yield failed(AccessStep.HOST, exc.message, setting="", fix=exc.fix or "see the message")
        return
    with contextlib.closing(opened):
        try:
            yield from examine(opened, last=last)
        except SemblantError as exc:
            yield failed(last, exc.message, setting="", fix=exc.fix or "see the message")
