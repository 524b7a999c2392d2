"""Whatever a table holds and however its CSV is written, what is read is what was there."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from semblant.errors import SemblantError
from tests.plugins.sources.reading import read_all, source

_WORDS = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n"), min_size=1, max_size=12
).filter(lambda text: any(c.isalpha() for c in text) and text.strip() == text and "\\" not in text)
_TEXT = _WORDS.map(lambda text: f"w{text}w")
_NUMBER = st.floats(allow_nan=False, allow_infinity=False, width=32).map(lambda x: round(x, 4))
_KINDS = {
    "int64": st.integers(-(2**63), 2**63 - 1),
    "double": _NUMBER,
    "bool": st.booleans(),
    "date32[day]": st.dates(dt.date(1000, 1, 1)),
    "timestamp[us]": st.datetimes(dt.datetime(1000, 1, 1)),
    "string": _TEXT,
}


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, str], list[list[object]]]:
    kinds = draw(st.lists(st.sampled_from(sorted(_KINDS)), min_size=2, max_size=5))
    names = {f"name{i}": kind for i, kind in enumerate(kinds)}
    rows = draw(st.integers(1, 30))
    first = [draw(_KINDS[kind]) for kind in kinds]
    others = [[draw(st.one_of(st.none(), _KINDS[kind])) for kind in kinds] for _ in range(rows)]
    body = [row for row in [first, *others] if any(cell is not None for cell in row)]
    return names, body


def written_as(cell: object, comma: bool) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, float):
        text = repr(cell) if "e" not in repr(cell) else f"{cell:.6f}"
        return text.replace(".", ",") if comma else text
    return cell.isoformat() if isinstance(cell, dt.date) else str(cell)


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    table=tables(),
    delimiter=st.sampled_from(",;\t|"),
    all_texts=st.booleans(),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    comma=st.booleans(),
)
def test_a_table_survives_any_dialect(table, delimiter, all_texts, end, encoding, comma):
    names, rows = table
    comma = comma and delimiter != ","
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        with path.open("w", encoding=encoding, newline="") as file:
            file.write(delimiter.join(names) + end)
            for row in rows:
                texts = [written_as(cell, comma) for cell in row]
                cells = [
                    quoted(text) if (all_texts and isinstance(cell, str)) or set(text) & {*'"\r\n', delimiter} else text
                    for text, cell in zip(texts, row, strict=True)
                ]
                file.write(delimiter.join(cells) + end)
        found = read_all(source(path, delimiter="tab" if delimiter == "\t" else delimiter))
    assert found.num_rows == len(rows)
    for position, (name, kind) in enumerate(names.items()):
        wanted = [row[position] for row in rows]
        values = found[name].to_pylist()
        type_ = str(found[name].type)
        if kind == "timestamp[us]" and type_ == "date32[day]":
            values = [None if v is None else dt.datetime(v.year, v.month, v.day) for v in values]
        elif type_ == "string" and kind != "string":  # decimals beside whole numbers too long for a float
            values = [None if v is None else float(v.replace(",", ".")) for v in values]
            wanted = [None if v is None else float(v) for v in wanted]
        if kind == "double":
            assert [None if v is None else round(v, 4) for v in values] == [
                None if v is None else round(float(written_as(v, comma=False)), 4) for v in wanted
            ]
        elif kind == "string":
            assert [None if v is None else v.replace("\r", "\n") for v in values] == wanted
        else:
            assert values == wanted


@settings(max_examples=100, deadline=None)
@given(
    data=st.one_of(
        st.binary(max_size=300), st.text(st.sampled_from("ab1,;\"\t\n\r\\'. é"), max_size=200).map(str.encode)
    )
)
def test_no_bytes_at_all_end_in_anything_but_a_table_or_a_named_error(data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(data)
        try:
            read_all(source(path))
        except SemblantError as exc:
            told = "t.csv" in str(exc) and exc.exit_code in {2, 3}
            assert told, exc
