"""Ordering jobs: from a spec or a generator to a job in the store, with its workspace."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from semblant.errors import ConfigError
from semblant.given import by_table
from semblant.home import Home, Kind
from semblant.jobs.orders import Order, OrderKind
from semblant.jobs.states import JobType, State
from semblant.settings import AUTO
from semblant.spec.write import spec_text
from semblant.store.jobs import StateError
from semblant.workspaces import STATE_FILE, prepare

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from semblant.given import Given
    from semblant.spec.model import DestinationSpec, GenerationSpec, Spec
    from semblant.store.database import Store
    from semblant.store.records import JobRecord

GIVEN = "given{}.parquet"


def order_spec(
    store: Store,
    home: Home,
    spec: Spec,
    kind: OrderKind,
    *,
    out: Path | None = None,
    file_format: str = "parquet",
    resume: str | None = None,
    catalog: str | None = None,
    seen: Mapping[str, Mapping[str, str]] | None = None,
    worker: str | None = None,
) -> JobRecord:
    """Order a job that trains, and generates unless ``kind`` is ``train``.

    :param resume: name of a job that did not finish; its workspace is taken over.
    :param seen: what the source held when this was configured (:func:`semblant.drift.facts`); the job refuses another.
    :param worker: the runner that begins at once; None leaves the job to the next that comes.
    :raises QuotaError: a quota is reached; no folder is left behind.
    :raises ConfigError: the job to resume does not exist, runs, or is finished.
    """
    order = Order(
        kind=kind,
        spec=spec_text(spec),
        out="" if out is None else str(out.absolute()),
        file_format=file_format,
        seen=seen,
    )
    generates = kind is OrderKind.RUN and spec.generation.enabled
    rows = 0 if not generates or spec.generation.records == AUTO else int(spec.generation.records)
    words = "" if not generates else str(out) if out else spec.destination.type if spec.destination else "storage"
    follows = None if resume is None else followed(store, home, resume)
    name, folder = (resume, None) if resume is not None else prepare(home, spec)
    return _created(
        store,
        folder,
        name=name,
        type=JobType.AD_HOC if catalog is None else JobType.CATALOG,
        home=home.identity(),
        orders=order.as_dict(),
        destination=words,
        catalog=catalog,
        follows=follows,
        rows=rows,
        worker=worker,
    )


def order_generation(
    store: Store,
    home: Home,
    generator: Path,
    *,
    records: int | None = None,
    given: Given = None,
    destination: DestinationSpec | None = None,
    out: Path | None = None,
    file_format: str = "parquet",
    seed: int | None = None,
    generation: GenerationSpec | None = None,
    worker: str | None = None,
) -> JobRecord:
    """Order a job that makes data with a generator; see :meth:`semblant.engine.Engine.generate`.

    :raises QuotaError: a quota is reached; no folder is left behind.
    """
    from semblant.jobs.generation import destination_data, generation_data

    name, folder = prepare(home, None, f"{generator.stem}-data")
    files: dict[str, str] = {}
    for number, (table, rows) in enumerate(by_table(given).items()):
        import pyarrow.parquet as pq

        pq.write_table(rows, folder / GIVEN.format(number))
        files[table] = str(folder / GIVEN.format(number))
    order = Order(
        kind=OrderKind.GENERATE,
        generator=str(generator.absolute()),
        records=records,
        given=files,
        destination=destination_data(destination),
        out="" if out is None else str(out.absolute()),
        file_format=file_format,
        seed=seed,
        generation=generation_data(generation),
    )
    return _created(
        store,
        folder,
        name=name,
        type=JobType.GENERATE_GIVEN if files else JobType.GENERATE,
        home=home.identity(),
        orders=order.as_dict(),
        destination=str(out) if out else destination.type if destination else "storage",
        generator=generator.stem,
        rows=(sum(rows.num_rows for rows in by_table(given).values()) if files else records) or 0,
        worker=worker,
    )


def order_again(
    store: Store, home: Home, job: JobRecord, *, anew: bool, report: bool = False, worker: str | None = None
) -> JobRecord:
    """Order a job that follows one that failed or was cancelled.

    :param anew: begin from the start; otherwise what is finished of it is taken over.
    :param report: make the report of a finished job again; all else of it is taken over.
    :raises StateError: it runs, waits or is finished.
    """
    from semblant.jobs.child import OUTCOME

    follows = job.id if report and job.state is State.FINISHED else followed(store, home, job.name)
    folder = home.path(Kind.JOBS, job.name)
    if not folder.is_dir():
        msg = f"the workspace of job '{job.name}' is not in this home ({home.root})"
        raise ConfigError(msg, fix="use the home where it was created (SEMBLANT_HOME)")
    (folder / OUTCOME).unlink(missing_ok=True)
    if anew:
        for entry in folder.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
        if job.delivered and job.destination == "storage":
            shutil.rmtree(home.path(Kind.DATASETS, job.name), ignore_errors=True)
            (folder / "delivery").unlink(missing_ok=True)
    return store.jobs.create(
        name=job.name,
        type=job.type,
        home=job.home,
        orders=job.orders,
        destination=job.destination,
        catalog=job.catalog,
        generator=job.generator,
        follows=follows,
        rows=job.rows_reserved,
        worker=worker,
    )


def followed(store: Store, home: Home, name: str) -> str | None:
    """Give the id of the job that a new one may go on with; None when only its folder is known.

    :raises ConfigError: there is none, it runs, or it is finished.
    """
    if not store.lookup.has(name):
        folder = home.find(Kind.JOBS, name)
        path = folder / STATE_FILE
        state = json.loads(path.read_text(encoding="utf-8")).get("state") if path.is_file() else ""
        _resumable(name, State.FINISHED if state == "finished" else State.FAILED)
        return None
    job = store.lookup.job(name)
    _resumable(name, job.state)
    return job.id


def _resumable(name: str, state: State) -> None:
    if state is State.FINISHED:
        msg = f"job '{name}' is finished; there is nothing to resume"
        raise StateError(msg, fix="start a new job, or generate more from its generator")
    if not state.is_final:
        msg = f"job '{name}' is {state}; it cannot be begun again"
        raise StateError(msg, fix=f"wait until it has ended, or cancel it: semblant jobs cancel {name}")


def _created(store: Store, folder: Path | None, **values: Any) -> JobRecord:
    try:
        return store.jobs.create(**values)
    except BaseException:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        raise
