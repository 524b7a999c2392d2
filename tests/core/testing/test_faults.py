"""The kit finds what is wrong with models, renderers and validators: what ``plugins new`` writes, with a fault."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from semblant.scaffold.write import write_plugin

SAME = "rng = np.random.default_rng([request.seed, number])"
FAULTS = {
    ("model", "rows too many"): (
        "rows = min(size, request.rows - start)",
        "rows = size",
        "test_exactly_the_rows_asked_for_are_made",
    ),
    ("model", "no seed"): (SAME, "rng = np.random.default_rng()", "test_the_same_seed_makes_the_same_rows"),
    ("model", "one seed"): (SAME, "rng = np.random.default_rng(number)", "test_another_seed_makes_other_rows"),
    ("model", "copies of a batch"): (
        SAME,
        "rng = np.random.default_rng(request.seed)",
        "test_batches_are_not_copies_of_each_other",
    ),
    ("model", "global chance"): (SAME, "rng = np.random", "test_the_random_state_of_the_process_decides_nothing"),
    ("model", "silent"): (
        "run.progress(start + rows, request.rows)",
        "pass",
        "test_generating_tells_its_progress",
    ),
    ("model", "rare values"): ("if count >= least", "if count >= 1", "test_the_text_of_one_row_is_never_made"),
    ("model", "secrets in its files"): (
        "if count >= least",
        "if count >= 1",
        "test_the_saved_files_hold_no_value_of_one_row",
    ),
    ("model", "extremes"): (
        "inner = numbers[least:-least]",
        "inner = numbers",
        "test_the_extreme_of_one_row_is_never_made",
    ),
    ("model", "no nulls"): (
        "missing, at = codes == 0, np.maximum(codes - 1, 0)",
        "missing, at = codes < 0, np.maximum(codes - 1, 0)",
        "test_the_share_of_nulls_is_kept",
    ),
    ("model", "even shares"): (
        "counts = [pc.sum(pc.equal(texts, text)).as_py() for text in often]",
        "counts = [100 for text in often]",
        "test_the_shares_of_a_skewed_column_are_kept",
    ),
    ("model", "crashes on damage"): (
        "except (OSError, ValueError, KeyError, TypeError) as exc:",
        "except KeyError as exc:",
        "test_damaged_files_are_refused_in_words",
    ),
    ("model", "privacy ignored"): (
        "if run.privacy.private:",
        "if False:",
        "test_a_private_run_is_refused_or_keeps_its_budget",
    ),
    ("text-model", "rare words"): (
        "if len(writers[word]) >= least",
        "if writers[word]",
        "test_the_saved_files_hold_no_value_of_one_row",
    ),
    ("text-model", "rows for subjects"): (
        "whole_writers.setdefault(text, set()).add(owner)",
        "whole_writers.setdefault(text, set()).add(len(wholes) + sum(wholes.values()))",
        "test_one_subject_with_many_rows_is_one_subject",
    ),
    ("text-model", "no nulls"): (
        "return None if bucket is None else",
        'return "" if bucket is None else',
        "test_nulls_are_exactly_where_they_are_given",
    ),
    ("text-model", "too short"): ("return text[:length]", "return text[:2]", "test_texts_are_about_as_long_as_given"),
    ("renderer", "no titles"): (
        'lines += ["", section.title,',
        'lines += ["", "",',
        "test_the_titles_are_shown",
    ),
    ("renderer", "a clock"): (
        "lines = [report.title,",
        "lines = [str(__import__('time').time_ns()), report.title,",
        "test_the_same_report_gives_the_same_file",
    ),
    ("renderer", "no charts"): ("yield block.alt", "yield block.lost", "test_every_block_can_be_written"),
    ("validator", "raises"): ("return [\n", "spec.tables['people']\n        return [\n", "test_no_spec_makes_it_raise"),
    ("validator", "no mend"): (
        'fix="name the columns that tell its rows apart, or leave it if nothing refers to them",',
        'fix="",',
        "test_no_spec_makes_it_raise",
    ),
    ("validator", "finds nothing"): (
        "if not table.primary_key",
        "if table.primary_key == 1",
        "test_it_finds_what_it_is_for",
    ),
}  # fmt: skip
QUICK = {("model", "rare values"), ("model", "no seed"), ("renderer", "a clock"), ("validator", "no mend")}
"""The others run nightly."""
CASES = [pytest.param(*case, marks=[pytest.mark.nightly] * (case not in QUICK), id="-".join(case)) for case in FAULTS]


def failed(folder, check):
    """Run one check in a process of its own; tell which failed."""
    line = ["-m", "pytest", "-q", "-rf", "--tb=no", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", folder]
    done = subprocess.run(
        [sys.executable, *map(str, line), "-k", f"{check} or test_the_kind_is", str(folder / "tests")],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert " passed" in done.stdout, done.stdout + done.stderr
    return set(re.findall(r"^FAILED [^:]+::\w+::(\w+)", done.stdout, re.MULTILINE)), done.stdout


@pytest.mark.parametrize(("kind", "fault"), CASES)
def test_what_is_wrong_fails_the_check_that_is_for_it(kind, fault, tmp_path):
    old, new, check = FAULTS[kind, fault]
    folder = tmp_path / "semblant-acme"
    write_plugin(kind, "acme", folder, version="0.1")
    module = folder / "semblant_acme" / f"{'backend' if 'model' in kind else kind}.py"
    text = module.read_text(encoding="utf-8")
    assert old in text
    module.write_text(text.replace(old, new, 1), encoding="utf-8")

    found, said = failed(folder, check)

    assert check in found, said
