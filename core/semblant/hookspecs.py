"""The hooks: the one page that a plugin author reads.

A plugin is a module named by an entry point in the group ``semblant``. It implements any of these
functions under ``semblant.hookimpl``. Hooks *return* descriptors
(:mod:`semblant.components`); the engine asks, collects and looks them up by name. A module that
fails to import, misspells a hook or raises in one is isolated and listed by ``semblant plugins``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from semblant.components import (
        DestinationType,
        ExecutorType,
        ModelType,
        RendererType,
        SectionType,
        SourceType,
        ValidatorType,
    )
    from semblant.events import Event

hookspec = pluggy.HookspecMarker("semblant")
hookimpl = pluggy.HookimplMarker("semblant")


@hookspec
def semblant_sources() -> Sequence[SourceType]:  # type: ignore[empty-body]
    """Offer places to read tables from.

    Called once when a host starts. Must not import drivers: name them in ``requires``.

    :returns: descriptors; a name that another plugin also offers makes both unusable, with an
        error that names the two distributions.
    An exception disables the whole plugin and is listed with its reason.

    .. versionadded:: 0.1
    """


@hookspec
def semblant_destinations() -> Sequence[DestinationType]:  # type: ignore[empty-body]
    """Offer places to write tables to.

    Called once when a host starts.

    :returns: descriptors; what each makes publishes all tables of a delivery together or none.
    An exception disables the whole plugin and is listed with its reason.

    .. versionadded:: 0.1
    """


@hookspec
def semblant_models() -> Sequence[ModelType]:  # type: ignore[empty-body]
    """Offer model backends of kind ``tabular`` or ``text``.

    Called once when a host starts. A spec picks one by ``model.backend``; with ``auto`` the
    available one with the highest ``preference`` is taken. A backend without the capability
    ``context`` is refused for tables with a synthesized parent.

    :returns: descriptors with their capabilities.
    An exception disables the whole plugin and is listed with its reason.

    .. versionadded:: 0.1
    """


@hookspec
def semblant_report_sections() -> Sequence[SectionType]:  # type: ignore[empty-body]
    """Offer sections of the quality report.

    Called once when a host starts. A section whose ``needs`` are not met is left out, with the
    reason in the report.

    :returns: descriptors; ``order`` decides the place.
    An exception disables the whole plugin and is listed with its reason.

    .. versionadded:: 0.1
    """


@hookspec
def semblant_report_renderers() -> Sequence[RendererType]:  # type: ignore[empty-body]
    """Offer file formats for the report.

    Called once when a host starts.

    :returns: descriptors; ``name`` is what stands in ``report.formats``.
    An exception disables the whole plugin and is listed with its reason.

    .. versionadded:: 0.1
    """


@hookspec
def semblant_validators() -> Sequence[ValidatorType]:  # type: ignore[empty-body]
    """Offer checks of a spec.

    Called once when a host starts; the validators themselves run at each check, step by step in
    the order of :class:`~semblant.findings.ConfigStep`.

    :returns: descriptors.
    An exception disables the whole plugin and is listed with its reason.

    .. versionadded:: 0.1
    """


@hookspec
def semblant_executors() -> Sequence[ExecutorType]:  # type: ignore[empty-body]
    """Offer places where work runs.

    Called once when a host starts.

    :returns: descriptors.
    An exception disables the whole plugin and is listed with its reason.

    .. versionadded:: 0.1
    """


@hookspec
def semblant_job_event(event: Event) -> None:
    """Observe a job.

    Called for every event of every job of the engine, in the thread that caused it; be quick.

    :param event: what happened; frozen.
    :returns: nothing.
    An exception is logged with the plugin's name and does not disturb the job.

    .. versionadded:: 0.1
    """
