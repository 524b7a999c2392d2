"""The kit passes what is right and finds each thing that is wrong, by the check that is for it."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from semblant.testing import (
    DestinationConformance,
    ExecutorConformance,
    RendererConformance,
    SectionConformance,
    SourceConformance,
    TabularModelConformance,
    TextModelConformance,
    ValidatorConformance,
    checks,
)
from tests.meta.tree import ROOT

CLASSES = {
    "source": """
        class TestIt(SourceConformance):
            component = SourceType(name="ledger", factory="tests.core.testing.ledger:Ledger", settings=LedgerSettings,
                                   summary="Arrow files of a folder")

            def put(self, folder, tables, schema):
                place = folder / "ledger"
                place.mkdir()
                for name, table in tables.items():
                    with pa.ipc.new_file(place / f"{filenames.encode(name)}.arrow", table.schema) as writer:
                        writer.write_table(table)
                return LedgerSettings(path=str(place), fault=FAULT)

            def nowhere(self, folder):
                return LedgerSettings(path=str(folder / "missing"), fault=FAULT)
    """,
    "destination": """
        class TestIt(DestinationConformance):
            component = DestinationType(name="book", factory="tests.core.testing.ledger:Book", settings=LedgerSettings,
                                        summary="Arrow files of a folder", atomic="each file by a rename")
            appends = "a book is never continued"
            truncates = False

            def settings(self, folder):
                return LedgerSettings(path=str(folder / "book"), fault=FAULT)

            def read_back(self, folder, table, wanted):
                path = folder / "book" / f"{filenames.encode(table)}.arrow"
                if not path.exists():
                    return None
                with pa.ipc.open_file(path) as reader:
                    return reader.read_all()
    """,
    "section": """
        class TestIt(SectionConformance):
            component = SectionType(name="ages", factory="tests.core.testing.ledger:Ages", settings=FaultSettings,
                                    summary="how old they are", title="Ages")

            def settings(self, folder):
                return FaultSettings(fault=FAULT)
    """,
    "executor": """
        class TestIt(ExecutorConformance):
            component = ExecutorType(name="pool", factory="tests.core.testing.ledger:Pool", settings=FaultSettings,
                                     summary="processes of this machine")

            def settings(self, folder):
                return FaultSettings(fault=FAULT)
    """,
}
HEAD = """
import pyarrow as pa
from semblant import filenames
from semblant.components import DestinationType, ExecutorType, SectionType, SourceType
from semblant.testing import DestinationConformance, ExecutorConformance, SectionConformance, SourceConformance
from tests.core.testing.ledger import FaultSettings, LedgerSettings

FAULT = {fault!r}
"""


def outcomes(folder, kind: str, fault: str, more: str = "", *options: str) -> tuple[set[str], str]:
    """Run the class in a process of its own; give the names of the checks that failed, and all that was said."""
    body = HEAD.format(fault=fault) + textwrap.dedent(CLASSES[kind]) + textwrap.indent(more, "    ")
    (folder / "test_it.py").write_text(body, encoding="utf-8")
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "-rfs", "--tb=no", "-p", "no:cacheprovider", "-W", "error",
            "-c", "/dev/null", "--rootdir", str(folder), *options, str(folder / "test_it.py"),
        ],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert " passed" in said, said
    failed = {
        line.split("::")[2].split("[")[0].split(" ")[0] for line in said.splitlines() if line.startswith("FAILED")
    }
    return failed, said


@pytest.mark.parametrize("kind", CLASSES)
def test_what_is_right_passes_every_check(kind, tmp_path):
    failed, said = outcomes(tmp_path, kind, "")

    assert failed == set(), said


FAULTS = {
    ("source", "order of columns"): "test_columns_are_described_in_order",
    ("source", "types"): "test_values_of_a_type_come_as_they_are",
    ("source", "count"): "test_the_count_is_right_or_not_known",
    ("source", "loses a row"): "test_the_order_of_rows_is_the_one_of_the_store",
    ("source", "nulls"): "test_nulls_stay_nulls_first_between_and_last",
    ("source", "all columns"): "test_only_the_columns_asked_for_are_read_in_that_order",
    ("source", "batch size"): "test_no_batch_is_larger_than_asked",
    ("source", "no advice"): "test_a_place_that_is_not_there_fails_the_check_with_advice",
    ("source", "wrong error"): "test_a_place_that_is_not_there_cannot_be_described",
    ("source", "closing twice"): "test_closing_twice_is_allowed",
    ("destination", "check leaves a file"): "test_the_check_passes_and_leaves_nothing",
    ("destination", "overwrites"): "test_an_existing_table_is_refused_by_default",
    ("destination", "seen early"): "test_nothing_is_seen_before_the_commit",
    ("destination", "sorts"): "test_rows_are_not_sorted",
    ("destination", "abort after commit"): "test_aborting_after_the_commit_does_nothing",
    ("section", "shows a row"): "test_no_text_of_one_row_is_shown",
    ("section", "not finite"): "test_the_figures_are_json",
    ("section", "not the same"): "test_measuring_twice_gives_the_same",
    ("section", "remembers"): "test_the_blocks_are_made_of_the_figures_alone",
    ("executor", "threads"): "test_work_runs_elsewhere",
    ("executor", "swallows errors"): "test_an_error_comes_back_with_its_advice",
    ("executor", "does not wait"): "test_closing_waits_for_what_runs",
}


@pytest.mark.parametrize(("kind", "fault"), FAULTS, ids=lambda part: part.replace(" ", "-"))
def test_what_is_wrong_fails_the_check_that_is_for_it(kind, fault, tmp_path):
    check = FAULTS[kind, fault]

    failed, said = outcomes(tmp_path, kind, fault, "", "-k", f"{check} or test_the_kind_is")

    assert failed == {check}, said


def test_a_flag_skips_its_checks_with_the_authors_reason(tmp_path):
    _, said = outcomes(tmp_path, "destination", "", "", "-k", "appending or truncating or the_kind")

    assert "appends: a book is never continued" in said
    assert "truncates: the component does not offer it" in said


def test_a_known_gap_is_expected_to_fail_and_told_when_it_does_not(tmp_path):
    check = "test_rows_are_not_sorted"
    gap = f'known_gaps = {{"{check}": "it sorts"}}\n'

    failed, said = outcomes(tmp_path, "destination", "sorts", gap, "-k", f"{check} or the_kind")
    mended, _ = outcomes(tmp_path, "destination", "", gap, "-k", f"{check} or the_kind")

    assert failed == set()
    assert "1 xfailed" in said
    assert mended == {check}


@pytest.mark.parametrize(
    ("cls", "least"),
    [
        (SourceConformance, 40), (DestinationConformance, 40),
        (TabularModelConformance, 40), (TextModelConformance, 40),
        (SectionConformance, 40), (RendererConformance, 40), (ValidatorConformance, 40), (ExecutorConformance, 40),
    ],
)  # fmt: skip
def test_each_kind_has_enough_checks_and_each_says_what_it_is_for(cls, least):
    assert len(checks(cls)) >= least
    assert [name for name in checks(cls) if not getattr(cls, name.split("[")[0]).__doc__] == []


def test_nothing_else_in_the_core_imports_the_kit():
    code = (
        "import semblant, semblant.engine, semblant.cli.main, sys; "
        "print('semblant.testing' in sys.modules, 'pytest' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.split() == ["False", "False"]


def test_the_page_names_every_class_hook_and_flag():
    page = (ROOT / "spec" / "testing.md").read_text(encoding="utf-8")

    for cls in (
        SourceConformance, DestinationConformance, TabularModelConformance, TextModelConformance, SectionConformance,
        RendererConformance, ValidatorConformance, ExecutorConformance,
    ):  # fmt: skip
        assert f"`{cls.__name__}`" in page
        for base in cls.__mro__:
            for name, kind in vars(base).get("__annotations__", {}).items():
                if "Capability" in str(kind) or name in {"component", "known_gaps", "not_kept", "spec", "tolerance"}:
                    assert f"`{name}`" in page, f"{cls.__name__}.{name}"
        for name in getattr(cls, "__abstractmethods__", ()):
            assert f"`{name}`" in page
