"""Types of text columns: what is a number, a date, a truth value, and what had better stay text."""

from __future__ import annotations

import datetime as dt

import pytest

from semblant.errors import DataError
from tests.plugins.sources.reading import notes_of, read_text, types_of

UTC = dt.UTC


def column(*cells: str) -> str:
    return "name,x\n" + "".join(f'row{i},"{cell}"\n' for i, cell in enumerate(cells))


def bare(*cells: str) -> str:
    return "name;x\n" + "".join(f"row{i};{cell}\n" for i, cell in enumerate(cells))


@pytest.mark.parametrize(
    ("cells", "type_", "values"),
    [
        (("1", "-2", "+3"), "int64", [1, -2, 3]),
        (("9007199254740993", "1"), "int64", [9007199254740993, 1]),
        (("9223372036854775807", "-9223372036854775808"), "int64", [2**63 - 1, -(2**63)]),
        (("9223372036854775808", "1"), "string", ["9223372036854775808", "1"]),
        (("9007199254740993", "1.5"), "string", ["9007199254740993", "1.5"]),
        (("007", "010"), "string", ["007", "010"]),
        (("1.5", "2", ".5", "3."), "double", [1.5, 2, 0.5, 3]),
        (("1e+05", "2"), "int64", [100_000, 2]),
        (("1.5e-3", "2"), "double", [0.0015, 2]),
        (("5E1", "5C1"), "string", ["5E1", "5C1"]),
        (("5E1", "5E2"), "string", ["5E1", "5E2"]),
        (("1,234", "1,234,567"), "int64", [1234, 1_234_567]),
        (("1,234.50", "2"), "double", [1234.5, 2]),
        (("1 234", "12"), "int64", [1234, 12]),
        (("0,5", "1,25"), "double", [0.5, 1.25]),
        (("1.234,5", "2,5"), "double", [1234.5, 2.5]),
        (("true", "False"), "bool", [True, False]),
        (("yes", "no"), "string", ["yes", "no"]),
        (("T", "F"), "string", ["T", "F"]),
        (("2024-02-29", "2023-12-31"), "date32[day]", [dt.date(2024, 2, 29), dt.date(2023, 12, 31)]),
        (("2023-02-29", "2023-12-31"), "string", ["2023-02-29", "2023-12-31"]),
        (("13/02/2024", "01/02/2024"), "date32[day]", [dt.date(2024, 2, 13), dt.date(2024, 2, 1)]),
        (("02/13/2024", "01/02/2024"), "date32[day]", [dt.date(2024, 2, 13), dt.date(2024, 1, 2)]),
        (("01/02/2024", "03/04/2024"), "string", ["01/02/2024", "03/04/2024"]),
        (("13/02/69", "01/02/70"), "date32[day]", [dt.date(2069, 2, 13), dt.date(1970, 2, 1)]),
        (("7-Jan-18", "15-JAN-18"), "date32[day]", [dt.date(2018, 1, 7), dt.date(2018, 1, 15)]),
        (("Jan 7, 2018", "March 15, 2018"), "date32[day]", [dt.date(2018, 1, 7), dt.date(2018, 3, 15)]),
        (("31.12.2023", "01.01.2024"), "date32[day]", [dt.date(2023, 12, 31), dt.date(2024, 1, 1)]),
        (
            ("2024-01-02 03:04", "2024-01-02T03:04:05"),
            "timestamp[us]",
            [dt.datetime(2024, 1, 2, 3, 4), dt.datetime(2024, 1, 2, 3, 4, 5)],
        ),
        (
            ("2024-01-02", "2024-01-02 03:04:05.123456"),
            "timestamp[us]",
            [dt.datetime(2024, 1, 2), dt.datetime(2024, 1, 2, 3, 4, 5, 123456)],
        ),
        (
            ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05+02:00"),
            "timestamp[us, tz=UTC]",
            [dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC), dt.datetime(2024, 1, 2, 1, 4, 5, tzinfo=UTC)],
        ),
        (("2024-01-02T03:04:05Z", "2024-01-02T03:04:05"), "string", ["2024-01-02T03:04:05Z", "2024-01-02T03:04:05"]),
        (
            ("12/31/2023 1:05 PM", "1/1/2024 12:00 am"),
            "timestamp[us]",
            [dt.datetime(2023, 12, 31, 13, 5), dt.datetime(2024, 1, 1)],
        ),
        (("2010-11", "2011-12"), "string", ["2010-11", "2011-12"]),
        (("20240101", "20240102"), "int64", [20240101, 20240102]),
        (("1.0.19", "2.3.4"), "string", ["1.0.19", "2.3.4"]),
        (("None", "b"), "string", ["None", "b"]),
        (("NA", "b"), "string", ["NA", "b"]),
        (("1", "NA", "?", "", "****"), "int64", [1, None, None, None, None]),
        (("NULL", "NULL"), "string", ["NULL", "NULL"]),
        (("$4.99", "$0.99"), "double", [4.99, 0.99]),
        (("$4.99", "0"), "string", ["$4.99", "0"]),
        (("$4.99", "€0.99"), "string", ["$4.99", "€0.99"]),
        (("5%", "12.5%"), "double", [5, 12.5]),
        (("1_000", "2"), "string", ["1_000", "2"]),
        (("0x1F", "2"), "string", ["0x1F", "2"]),
        (("\uff11", "\uff12"), "string", ["\uff11", "\uff12"]),
        ((" 1", "2 "), "int64", [1, 2]),
        (("1", "a" * 50), "string", ["1", "a" * 50]),
    ],
)
def test_cells_become_what_a_careful_reader_would_take_them_for(tmp_path, cells, type_, values):
    found = types_of(tmp_path, column(*cells))
    assert found["x"] == type_
    assert read_text(tmp_path, column(*cells))["x"] == values


def test_an_ambiguous_comma_is_left_text_with_a_note(tmp_path):
    text = bare("1,234", "5,678")
    assert types_of(tmp_path, text)["x"] == "string"
    assert "set decimal" in notes_of(tmp_path, text)


@pytest.mark.parametrize(("decimal", "value"), [(",", 1.234), (".", 1234)])
def test_the_decimal_setting_decides_it(tmp_path, decimal, value):
    assert read_text(tmp_path, bare("1,234", "5,678"), decimal=decimal)["x"][0] == value


def test_other_columns_tell_what_a_comma_means(tmp_path):
    text = "a;b\n1,234;0,5\n5,678;0,25\n"
    assert read_text(tmp_path, text) == {"a": [1.234, 5.678], "b": [0.5, 0.25]}


@pytest.mark.parametrize(("order", "month"), [("dmy", 2), ("mdy", 1)])
def test_the_order_of_dates_can_be_set(tmp_path, order, month):
    text = column("01/02/2024", "03/04/2024")
    assert "set date_order" in notes_of(tmp_path, text)
    assert read_text(tmp_path, text, date_order=order)["x"][0].month == month


def test_a_few_remarks_in_a_number_column_are_read_as_missing_and_counted(tmp_path):
    text = column(*[str(i) for i in range(60)], "withheld", "withheld")
    assert types_of(tmp_path, text)["x"] == "int64"
    assert read_text(tmp_path, text)["x"][60:] == [None, None]
    assert "2 cells no whole number, read as missing: 'withheld'" in notes_of(tmp_path, text)


def test_values_with_digits_are_never_taken_for_remarks(tmp_path):
    text = column(*[str(i) for i in range(60)], "12 combined")
    assert types_of(tmp_path, text)["x"] == "string"
    assert "1 of 61 cells are no whole number: '12 combined'" in notes_of(tmp_path, text)


def test_null_values_apply_to_every_column(tmp_path):
    text = "name,x\nnone of it,1\n-9,-9\n"
    assert read_text(tmp_path, text, null_values=("-9",)) == {"name": ["none of it", None], "x": [1, None]}
    assert read_text(tmp_path, text) == {"name": ["none of it", "-9"], "x": [1, -9]}


def test_quoted_empty_text_is_not_a_missing_value(tmp_path):
    assert read_text(tmp_path, 'a,b\n"",1\n,2\nx,3\n')["a"] == ["", None, "x"]


@pytest.mark.parametrize(
    ("wanted", "cells", "values"),
    [
        ("string", ("1", "2"), ["1", "2"]),
        ("float64", ("1", "2"), [1.0, 2.0]),
        ("datetime", ("2024-01-02", "2024-01-03"), [dt.datetime(2024, 1, 2), dt.datetime(2024, 1, 3)]),
        ("date", ("2024-01-02", "2024-01-03"), [dt.date(2024, 1, 2), dt.date(2024, 1, 3)]),
    ],
)
def test_a_type_can_be_set(tmp_path, wanted, cells, values):
    assert read_text(tmp_path, column(*cells), types={"x": wanted})["x"] == values


def test_a_type_that_does_not_fit_names_line_and_cell(tmp_path):
    with pytest.raises(DataError, match=r"t.csv', line 3, column 'x' cannot be read as int64: 'b' is none"):
        types_of(tmp_path, column("1", "b"), types={"x": "int64"})


def test_trim_takes_padding_off_text(tmp_path):
    text = "a,b\nx   ,1\n  y,2\n"
    assert read_text(tmp_path, text)["a"] == ["x   ", "  y"]
    assert read_text(tmp_path, text, trim=True)["a"] == ["x", "y"]


def test_a_late_cell_changes_the_type_and_is_not_lost(tmp_path):
    text = "a,b\n" + "1,2\n" * 300_000 + "late 7,2\n"
    assert types_of(tmp_path, text) == {"a": "string", "b": "int64"}
    assert read_text(tmp_path, text)["a"][-1] == "late 7"


def test_with_types_from_the_first_rows_a_late_cell_stops_the_reading(tmp_path):
    text = "a,b\n" + "1,2\n" * 1000 + "late 7,2\n"
    assert types_of(tmp_path, text, type_rows=100)["a"] == "int64"
    with pytest.raises(DataError, match=r"t.csv', line 1002, column 'a': 'late 7' is no int64") as caught:
        read_text(tmp_path, text, type_rows=100)
    assert "types: {a: string}" in str(caught.value.fix)
