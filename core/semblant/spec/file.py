"""The text of a spec, from wherever it comes, or a clear word on why it cannot be had."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from semblant.errors import ConfigError

MAX_BYTES: Final = 2 * 2**20
_ENCODINGS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))
_DATA_SUFFIXES = {
    ".csv",
    ".tsv",
    ".parquet",
    ".arrow",
    ".feather",
    ".jsonl",
    ".ndjson",
    ".db",
    ".sqlite",
    ".xlsx",
    ".gz",
    ".zip",
}


def is_text(source: Path | str) -> bool:
    """Tell whether a string is a spec itself, not the path of one.

    >>> is_text("spec.yaml"), is_text("source: {type: files, path: a.csv}")
    (False, True)
    """
    if isinstance(source, Path):
        return False
    return "\n" in source or source.lstrip().startswith("{") or (": " in source and not Path(source).exists())


def read_file(path: Path) -> str:
    """Read a spec file.

    :raises ConfigError: missing, a folder, no permission, too large, binary or a table of data.
    """
    fix = "give the path of a YAML or JSON file; 'semblant detect DATA -o spec.yaml' writes one"
    try:
        if path.is_dir():
            msg = f"'{path}' is a folder, not a spec file"
            raise ConfigError(msg, fix=fix)
        size = path.stat().st_size
        if size > MAX_BYTES:
            msg = f"'{path}' has {size / 2**20:,.0f} MB; a spec has at most {MAX_BYTES // 2**20} MB"
            raise ConfigError(msg, fix=_data_fix(path) or fix)
        content = path.read_bytes()
    except FileNotFoundError as exc:
        msg = f"there is no spec file '{path}'"
        raise ConfigError(msg, fix=_neighbour(path) or fix) from exc
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or "not a path"
        msg = f"'{str(path)[:200]}' cannot be read: {reason}"
        raise ConfigError(msg, fix=fix) from exc
    return _decoded(path, content)


def _decoded(path: Path, content: bytes) -> str:
    encoding = next((name for mark, name in _ENCODINGS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as exc:
        line = content[: exc.start].count(b"\n") + 1
        msg = f"'{path}' is not a text file in UTF-8 (line {line})"
        raise ConfigError(msg, fix=_data_fix(path) or "save it as UTF-8") from exc
    if "\x00" in text:
        msg = f"'{path}' is a binary file, not a spec"
        raise ConfigError(msg, fix=_data_fix(path) or "save it as UTF-8 text")
    return text


def _data_fix(path: Path) -> str | None:
    if path.suffix.lower() in _DATA_SUFFIXES:
        return f"this looks like data: 'semblant detect {path} -o spec.yaml' writes a spec for it"
    return None


def _neighbour(path: Path) -> str | None:
    from semblant.settings.suggest import suggest

    if not path.parent.is_dir():
        return f"there is no folder '{path.parent}' either"
    names = (entry.name for entry in path.parent.iterdir() if entry.suffix in {".yaml", ".yml", ".json"})
    near = suggest(path.name, names)
    return f"did you mean '{path.parent / near}'?" if near else None
