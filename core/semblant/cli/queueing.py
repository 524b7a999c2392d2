"""Leaving a job to a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.cli.session import Session
    from semblant.engine import Engine
    from semblant.spec.model import Spec
    from semblant.store.records import JobRecord


def queued_spec(session: Session, engine: Engine, spec: Spec, kind: str, **options: Any) -> None:
    """Queue a job for a spec and say so; what a validator refuses is refused now."""
    from semblant.drift import facts
    from semblant.errors import ConfigError
    from semblant.jobs.ordering import order_spec
    from semblant.jobs.orders import OrderKind
    from semblant.store.database import Store

    plan = engine.plan(spec)
    if plan.errors:
        msg = f"the configuration has {len(plan.errors)} fault{'s' if len(plan.errors) > 1 else ''}; nothing was queued"
        raise ConfigError(msg, findings=plan.errors)
    options.setdefault("seen", facts(plan.schema))
    with Store.of(engine.home) as store:
        show_queued(session, order_spec(store, engine.home, spec, OrderKind(kind), **options))


def queued_generation(session: Session, engine: Engine, generator: Path | str, **options: Any) -> None:
    """Queue a job that makes data with a generator and say so."""
    from semblant.home import Kind
    from semblant.jobs.ordering import order_generation
    from semblant.store.database import Store

    path = engine.home.find(Kind.GENERATORS, generator) if isinstance(generator, str) else generator
    with Store.of(engine.home) as store:
        show_queued(session, order_generation(store, engine.home, path, **options))


def show_queued(session: Session, job: JobRecord) -> None:
    """Say that a job waits, and how to look at it."""
    if session.as_json:
        from semblant.jobs.details import job_document

        session.document(job_document(job, (0, 0)))
        return
    from semblant.cli.show.text import command_line

    session.say(
        f"{job.name} ({job.id}) waits for a worker", command_line("worker"), command_line("jobs", "watch", job.name)
    )
