"""What can be downloaded of a job: data, settings, logs and report, from its own copies in the home."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from semblant import filenames
from semblant.atomic import atomic_write
from semblant.errors import ConfigError
from semblant.home import Kind
from semblant.logs import LOG_NAME
from semblant.pipeline.archive import ARCHIVE, write_archive, write_csv_archive
from semblant.unpacking import unpacked
from semblant.workspaces import SPEC_FILE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from semblant.home import Home
    from semblant.host import PluginHost
    from semblant.store.database import Store
    from semblant.store.records import JobRecord

_CHUNK = 2**20


def file_name(job: JobRecord, what: str, file_format: str) -> str:
    """Give the name that a download has when nobody chose another."""
    endings = {"data": f"-{file_format}.zip", "settings": ".yaml", "logs": "-logs.zip", "report": "-report.zip"}
    return filenames.encode(job.name) + endings[what]


def data(store: Store, home: Home, job: JobRecord, target: Path, file_format: str, host: PluginHost) -> None:
    """Write the tables of a job as one ZIP file.

    :raises ConfigError: the job made no data, or they were deleted.
    """
    dataset = store.datasets.of(job.id)
    files = {} if dataset is None else {name: Path(path) for name, path in dataset.files.items()}
    if not files or not all(path.is_file() for path in files.values()):
        msg = f"job '{job.name}' ({job.state}) has no data to download"
        raise ConfigError(msg, fix=f"'semblant jobs show {job.name}' says where it stands")
    if file_format == "csv":
        write_csv_archive(files, target, host)
        return
    ready = next(home.path(Kind.JOBS, job.name).glob(f"archiving-data/{ARCHIVE}"), None)
    if ready is None:
        write_archive(files, target)
        return
    with ready.open("rb") as source, atomic_write(target) as sink:
        shutil.copyfileobj(source, sink, _CHUNK)


def settings(home: Home, job: JobRecord, target: Path) -> None:
    """Write the effective spec of a job, or the ordered one where it did not come to train."""
    from semblant.jobs.details import generator_path
    from semblant.pipeline.dataset import load_generator

    try:
        path = generator_path(home, job)
    except ConfigError:
        text = (home.path(Kind.JOBS, job.name) / SPEC_FILE).read_text(encoding="utf-8")
    else:
        with unpacked(home) as folder:
            text = load_generator(path, folder).spec
    with atomic_write(target) as sink:
        sink.write(text.encode())


def logs(home: Home, job: JobRecord, target: Path) -> None:
    """Write log and output of a job as one ZIP file."""
    folder = home.path(Kind.JOBS, job.name)
    _zipped([folder / LOG_NAME, folder / "process.log"], target, f"job '{job.name}' has no log")


def report(store: Store, job: JobRecord, target: Path) -> None:
    """Write the files of a job's report as one ZIP file.

    :raises ConfigError: there is no report.
    """
    dataset = store.datasets.of(job.id)
    paths = [] if dataset is None else [Path(path) for path in dataset.report.values()]
    _zipped(paths, target, f"job '{job.name}' has no report")


def _zipped(paths: Iterable[Path], target: Path, missing: str) -> None:
    there = [path for path in paths if path.is_file()]
    if not there:
        raise ConfigError(missing, fix="'semblant jobs list' shows what there is")
    with atomic_write(target) as sink, zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in there:
            archive.write(path, path.name)
