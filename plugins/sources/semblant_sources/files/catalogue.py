"""From a path, folder, glob or URL to named tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, cast

import attrs
from attrs import define, field

from semblant.errors import DataError, SourceError
from semblant.remote.manifest import MANIFEST, Manifest
from semblant.remote.settings import Access
from semblant_sources.files.bytestream import reading
from semblant_sources.files.forms import SUFFIXES, known_ending, stem_of, table_of
from semblant_sources.files.parts import PartedTable
from semblant_sources.files.place import Place, place_of
from semblant_sources.settings import FilesSettings

if TYPE_CHECKING:
    from semblant.remote.manifest import StoredTable
    from semblant.retry import Retry
    from semblant_sources.files.source import FileTable

_PART = re.compile(r"(part|chunk|data)?[-_.]?\d+([-_.].*)?|part[-_].*", re.IGNORECASE)
_GLOB = re.compile(r"[*?\[]")
_OWN = ("path", "table", "overrides")


@define
class _Found:
    """Tables by name, each with its files, and what was left aside."""

    files: dict[str, list[Place]] = field(factory=dict)
    skipped: list[str] = field(factory=list)
    stored: dict[str, StoredTable] = field(factory=dict)
    """What manifests say of the tables that they list."""
    searched: bool = False
    """Whether a folder or glob was looked through, where stray files are to be expected."""

    def add(self, name: str, places: list[Place]) -> None:
        if name in self.files:
            msg = f"two files make the same table '{name}': '{self.files[name][0]}' and '{places[0]}'"
            raise DataError(msg, fix="rename one of them, or name the wanted files in path")
        self.files[name] = places


def find_tables(settings: FilesSettings, retry: Retry | None = None) -> tuple[dict[str, FileTable], tuple[str, ...]]:
    """Find the files of all paths and open none of them further than needed to know its format.

    :returns: tables by name in a stable order, and notes on files that were skipped.
    :raises SourceError: when a path does not exist or holds no table.
    """
    if not settings.path:
        raise DataError("the files source has no path", fix="set path to a file, folder, glob or URL")
    found = _Found()
    access = settings if isinstance(settings, Access) else None
    for location in settings.path:
        _search(place_of(location, access, retry), found)
    if settings.table is not None:
        if len(found.files) != 1:
            msg = f"table: '{settings.table}' names one table, the path holds {len(found.files)}"
            raise DataError(msg, fix="name a single file, or leave table out")
        found.stored = dict.fromkeys([settings.table], *found.stored.values()) if found.stored else {}
        found.files = {settings.table: next(iter(found.files.values()))}
    _refuse_unknown_overrides(settings, found)
    tables: dict[str, FileTable] = {}
    for name in sorted(found.files):
        table = _open(name, found, settings)
        if table is not None:
            tables[name] = table
    if not tables:
        shown = ", ".join(f"'{path}'" for path in settings.path)
        aside = f" ({'; '.join(found.skipped[:3])})" if found.skipped else ""
        raise SourceError(
            f"{shown} holds no file that can be read as a table{aside}", fix=f"known endings are {', '.join(SUFFIXES)}"
        )
    return tables, tuple(found.skipped)


def _open(name: str, found: _Found, settings: FilesSettings) -> FileTable | None:
    own = attrs.evolve(_as_stored(settings, found.stored.get(name)), **settings.overrides.get(name, {}))
    parts = []
    for place in found.files[name]:
        part = table_of(name, place, own, strict=not found.searched)
        if part is None:
            found.skipped.append(f"'{place}' skipped: it holds no table")
        else:
            parts.append(part)
    if len(parts) > 1:
        return PartedTable(name, found.files[name], parts)
    return parts[0] if parts else None


def _as_stored(settings: FilesSettings, stored: StoredTable | None) -> FilesSettings:
    """Take over what the manifest says of the format, where the user says nothing: its key has no ending."""
    if stored is None or settings.format != "auto":
        return settings
    form = cast("Literal['csv', 'parquet', 'arrow', 'jsonl']", stored.format)
    delimiter = stored.delimiter if stored.format == "csv" and settings.delimiter == "auto" else settings.delimiter
    return attrs.evolve(settings, format=form, delimiter=delimiter)


def _refuse_unknown_overrides(settings: FilesSettings, found: _Found) -> None:
    known = {attribute.name for attribute in attrs.fields(FilesSettings)} - set(_OWN)
    for table, values in settings.overrides.items():
        if table not in found.files:
            raise DataError(
                f"overrides name a table '{table}' that is not there",
                fix=f"the tables are {', '.join(sorted(found.files)[:10])}",
            )
        for key in values:
            if key not in known:
                raise DataError(f"overrides.{table}.{key} is no setting", fix=f"use one of {', '.join(sorted(known))}")


def _search(place: Place, found: _Found) -> None:
    with reading(place):
        if place.filesystem.isdir(place.path):
            found.searched = True
            _search_folder(place, found, manifest_of(place))
        elif _GLOB.search(place.path) and not place.filesystem.exists(place.path):
            found.searched = True
            _search_glob(place, found)
        elif place.filesystem.exists(place.path):
            found.add(stem_of(place.name), [place])
        else:
            raise place.missing()


def _search_glob(place: Place, found: _Found) -> None:
    paths = sorted(place.filesystem.glob(place.path))
    if not paths:
        raise SourceError(f"no file matches '{place}'", fix="check the pattern")
    for path in paths:
        one = Place(place.filesystem, path, place.filesystem.unstrip_protocol(path) if "://" in place.shown else path)
        if place.filesystem.isdir(path):
            _search_parts(one, found)
        else:
            _take(one, found)


def manifest_of(place: Place) -> Manifest | None:
    """Give the manifest of a set that was delivered to an object storage; None where there is none.

    :raises SourceError: when it is damaged: without it nobody knows what belongs together.
    """
    try:
        text = place.filesystem.cat_file(f"{place.path.rstrip('/')}/{MANIFEST}")
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        return Manifest.parse(text)
    except ValueError as exc:
        msg = f"'{place}/{MANIFEST}' is damaged or from a newer version: {exc}"
        raise SourceError(msg, fix="deliver the set again, or move the manifest away") from exc


def _search_folder(place: Place, found: _Found, manifest: Manifest | None) -> None:
    known = set()
    for name, stored in manifest.tables.items() if manifest is not None else ():
        found.add(name, [place.table(stored)])
        found.stored[name] = stored
        known.add(stored.key)
    entries = sorted(place.filesystem.ls(place.path, detail=True), key=lambda entry: str(entry["name"]))
    children = [(place.child(entry["name"]), entry["type"] == "directory") for entry in entries]
    visible = [(child, folder) for child, folder in children if not child.name.startswith((".", "_"))]
    found.skipped.extend(f"'{child}' skipped: hidden" for child, _ in children if child.name.startswith((".", "_")))
    visible = [(child, folder) for child, folder in visible if child.name not in known]
    files = [child for child, folder in visible if not folder]
    if not known and len(files) > 1 and len(files) == len(visible) and _are_parts(files):
        found.add(place.name, files)
        return
    for child, folder in visible:
        if folder:
            _search_parts(child, found)
        else:
            _take(child, found)


def _search_parts(folder: Place, found: _Found) -> None:
    """Take a sub-folder whose files have one ending for a table in parts."""
    files = [
        folder.child(entry["name"])
        for entry in sorted(folder.filesystem.ls(folder.path, detail=True), key=lambda entry: str(entry["name"]))
        if entry["type"] == "file"
    ]
    files = [file for file in files if not file.name.startswith((".", "_"))]
    if files and _are_parts(files):
        found.add(folder.name, files)
    else:
        found.skipped.append(f"folder '{folder}' skipped: it does not hold the parts of one table")


def _are_parts(files: list[Place]) -> bool:
    endings = {known_ending(file.name) for file in files}
    return len(endings) == 1 and None not in endings and all(_PART.fullmatch(stem_of(file.name)) for file in files)


def _take(place: Place, found: _Found) -> None:
    if place.name.startswith((".", "_")):
        found.skipped.append(f"'{place}' skipped: hidden")
    elif known_ending(place.name) is None:
        found.skipped.append(f"'{place}' skipped: its ending is not known")
    else:
        found.add(stem_of(place.name), [place])
