"""Every command with an engine that does no work: what it asks for, and what it says."""

from __future__ import annotations

import json
import logging
import stat
from pathlib import Path

import pytest

from semblant.cli.main import COMMANDS
from semblant.cli.pages import ask
from semblant.errors import SourceError
from semblant.findings import Finding, Severity
from semblant.spec.model import ReportSpec
from semblant.vocabulary import Goal, ModelSize, WriteMode

WARNING = Finding(severity=Severity.WARNING, path="tables.a", code="few-rows", message="has 3 rows", fix="bring more")
ERROR = Finding(
    severity=Severity.ERROR, path="tables.a", code="two-roots", message="is a second root", line=4, fix="drop it"
)


def spec_asked(result, question="run"):
    return next(arguments["spec"] for asked, arguments in result.engine.asked if asked == question)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_the_same_as_the_command(name):
    from semblant.cli.main import program

    command = program.get_command(None, name)  # type: ignore[arg-type]
    assert command is not None
    assert command.name == name
    assert command.short_help == COMMANDS[name]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_json_and_verbose_and_explains_itself(call, name):
    result = call(name, "--help")
    assert result.exit_code == 0
    assert "--json" in result.stdout
    assert "--verbose" in result.stdout


def test_run_needs_no_spec_and_tells_where_all_lies(call, csv, tmp_path):
    result = call("run", csv, "--records", 10, "-o", tmp_path / "out")
    assert result.exit_code == 0
    assert spec_asked(result).generation.records == 10
    said = "".join(result.stdout.split())  # long paths are broken over lines
    for name in ("customers.parquet", "report.pdf", "generator.semblant", "accuracy0.980", "10rows", "1min15s"):
        assert name in said
    assert result.engine.closed


@pytest.mark.feature(3)
def test_a_name_given_is_the_name_in_the_spec(call, csv):
    assert spec_asked(call("run", csv)).name is None
    assert spec_asked(call("run", csv, "--name", "mine")).name == "mine"


def test_options_land_in_their_places_of_the_spec(call, csv):
    spec = spec_asked(
        call("run", csv, "--seed", 7, "--goal", "speed", "--size", "large", "--holdout", "20%", "--no-report")
    )
    assert (spec.seed, spec.model.goal, spec.model.size, spec.report.holdout, spec.report.enabled) == (
        7, Goal.SPEED, ModelSize.LARGE, 0.2, False,
    )  # fmt: skip


def test_set_wins_over_the_file_and_takes_any_place(call, csv, tmp_path):
    spec = tmp_path / "spec.yaml"
    spec.write_text(f"source: {{type: files, path: {csv}}}\nseed: 3\nmodel: {{max_epochs: 5}}\n", encoding="utf-8")
    assert spec_asked(call("run", spec)).model.max_epochs == 5
    changed = spec_asked(
        call("run", spec, "--set", "model.max_epochs=9", "--set", "tables.customers.primary_key=[id, age]")
    )
    assert changed.model.max_epochs == 9
    assert changed.seed == 3
    assert changed.table("customers").primary_key == ("id", "age")


@pytest.mark.feature(59)
def test_a_destination_is_named_by_its_location(call, csv, tmp_path):
    assert spec_asked(call("run", csv)).destination is None
    spec = spec_asked(call("run", csv, "--destination", tmp_path / "there"))
    assert spec.destination.type == "folder"
    assert spec.destination.settings["path"] == str(tmp_path / "there")


def test_tables_that_are_there_are_replaced_only_on_demand(call, csv, tmp_path):
    assert spec_asked(call("run", csv, "-o", tmp_path)).destination.mode is WriteMode.FAIL
    assert spec_asked(call("run", csv, "-o", tmp_path, "--overwrite")).destination.mode is WriteMode.REPLACE


@pytest.mark.parametrize("command", ["run", "plan"])
def test_epsilon_is_a_setting_of_the_spec(call, csv, command):
    assert spec_asked(call(command, csv), command).privacy is None
    assert spec_asked(call(command, csv, "--epsilon", 0.5), command).privacy.epsilon == 0.5


@pytest.mark.parametrize("epsilon", [0, -1])
def test_an_epsilon_that_is_not_positive_is_refused(call, csv, epsilon):
    result = call("run", csv, "--epsilon", epsilon)
    assert result.exit_code == 2
    assert "privacy.epsilon" in result.stderr
    assert "more than 0" in result.stderr


def test_the_help_of_run_names_a_report_in_every_format(call):
    said = call("run", "--help").stdout
    assert [name for name in ReportSpec().formats if f"report.{name}" not in said] == []


def test_resume_is_handed_to_the_engine(call, csv):
    result = call("run", csv, "--resume", "calm-otter-1")
    assert result.engine.asked[-1][1]["resume"] == "calm-otter-1"


@pytest.mark.feature(255)
def test_a_gate_that_is_missed_ends_with_status_1_and_the_result_is_shown(call, csv):
    assert call("run", csv, "--fail-under", "accuracy=0.9").exit_code == 0
    missed = call("run", csv, "--fail-under", "accuracy=0.99")
    assert missed.exit_code == 1
    assert "customers.parquet" in missed.stdout
    assert "accuracy is 0.9800, below 0.99" in missed.stderr


@pytest.mark.parametrize("words", [("run", "data.csv"), ("report", "a.csv", "b.csv", "-o", "out")])
def test_a_gate_on_a_misspelt_score_is_refused_before_any_work(call, words):
    result = call(*words, "--fail-under", "acuracy=0.5")
    assert result.exit_code == 2
    assert "no report has a score 'acuracy'" in result.stderr
    assert "did you mean 'accuracy'?" in result.stderr
    assert result.engine.asked == []


def test_a_gate_on_a_score_that_this_report_lacks_fails_and_names_those_that_are(call, csv):
    result = call("run", csv, "--fail-under", "broken_keys=0")
    assert result.exit_code == 1
    assert "the scores there are: accuracy" in result.stderr


def test_a_gate_in_json_is_one_document_with_result_and_error(call, csv):
    result = call("run", csv, "--fail-under", "accuracy=0.99", "--json")
    document = json.loads(result.stdout)
    assert result.exit_code == 1
    assert document["error"]["code"] == "gate"
    assert document["gates"] == [{"score": "accuracy", "threshold": 0.99, "value": 0.98, "passed": False}]
    assert document["tables"]


@pytest.mark.parametrize("text", ["accuracy", "accuracy=high", "=0.9", "accuracy=nan"])
def test_a_gate_that_cannot_be_read_is_refused_before_any_work(call, csv, text):
    result = call("run", csv, "--fail-under", text)
    assert result.exit_code == 2
    assert result.engine is None


def test_a_gate_without_a_report_is_refused(call, csv):
    assert call("run", csv, "--fail-under", "accuracy=0.9", "--no-report").exit_code == 2


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("train", "data.csv"), "shop.semblant"),
        (("run", "data.csv"), "results"),
        (("generate", "calm-otter-1"), "results"),
        (("report", "a.csv", "b.csv"), "results"),
    ],
)
def test_a_place_below_a_file_is_refused_before_any_work(call, csv, words, name):
    result = call(*words, "-o", csv / "folder" / name)
    assert result.exit_code == 2
    assert f"'{csv}' is a file and not a folder" in " ".join(result.stderr.split())
    assert result.engine is None


def test_train_writes_the_file_and_shows_how_to_use_it(call, csv, tmp_path):
    result = call("train", csv, "-o", tmp_path / "shop.semblant")
    assert result.engine.asked[-1][1]["output"] == tmp_path / "shop.semblant"
    assert "semblant generate" in result.stdout


def test_generate_takes_a_file_or_a_name(call, tmp_path):
    file = tmp_path / "shop.semblant"
    file.write_bytes(b"")
    assert call("generate", file, "-n", 5).engine.asked[-1][1]["generator"] == file
    assert call("generate", "calm-otter-1", "-n", 5).engine.asked[-1][1]["generator"] == "calm-otter-1"


def test_a_generator_file_that_is_not_there_is_named(call, tmp_path):
    result = call("generate", tmp_path / "no.semblant")
    assert result.exit_code == 3
    assert "no.semblant" in result.stderr


def test_given_rows_are_read_as_a_table(call, csv):
    result = call("generate", "calm-otter-1", "--given", csv, "-o", "out")
    given = result.engine.asked[-1][1]["given"]
    assert {name: (rows.column_names, rows.num_rows) for name, rows in given.items()} == {
        "": (["id", "email", "age"], 3)
    }


def test_given_rows_and_a_number_of_rows_exclude_each_other(call, csv):
    assert call("generate", "calm-otter-1", "--given", csv, "--records", 3).exit_code == 2


def test_report_compares_two_places_and_has_gates(call, tmp_path):
    result = call("report", "a.csv", "b.csv", "--holdout", "c.csv", "-o", tmp_path, "--formats", "pdf")
    assert result.engine.asked[-1][1] == {
        "original": "a.csv", "synthetic": "b.csv", "holdout": "c.csv", "out": tmp_path, "formats": ("pdf",),
        "options": ReportSpec(),
    }  # fmt: skip
    assert call("report", "a.csv", "b.csv", "-o", tmp_path, "--fail-under", "accuracy=0.99").exit_code == 1


@pytest.mark.feature(52, 53, 54, 55, 253)
@pytest.mark.parametrize(
    ("option", "value", "setting"),
    [
        ("--univariate-columns", 3, {"univariate_columns": 3}),
        ("--bivariate-columns", 4, {"bivariate_columns": 4}),
        ("--knn-columns", 5, {"knn_columns": 5}),
        ("--phik-columns", 6, {"phik_columns": 6}),
        ("--target", "income", {"targets": ("income",)}),
        ("--sections", "summary, phik", {"sections": ("summary", "phik")}),
    ],
)
def test_each_option_of_report_sets_its_own_setting_alone(call, tmp_path, option, value, setting):
    result = call("report", "a.csv", "b.csv", "-o", tmp_path, option, value)
    assert result.engine.asked[-1][1]["options"] == ReportSpec(**setting)


@pytest.mark.feature(5)
def test_preview_shows_as_many_rows_as_wanted_and_no_control_codes(call, csv):
    result = call("preview", csv, "--rows", 2)
    assert result.engine.asked[-1][1]["rows"] == 2
    assert "\x1b" not in result.stdout
    assert "e\\x1b[31mmail" in result.stdout
    assert "null" in result.stdout


@pytest.mark.feature(78)
def test_a_preview_of_a_source_that_is_gone_says_so(call, csv):
    result = call("preview", csv, fault=SourceError("the database is gone", fix="start it"))
    assert result.exit_code == 3
    help_line = f"help: semblant help source\nask: {ask()}"
    assert result.stderr == f"error: the database is gone\nfix: start it\n{help_line}\n"


def test_preview_of_a_table_that_is_not_there_names_those_that_are(call, csv):
    result = call("preview", csv, "--table", "orders")
    assert result.exit_code == 2
    assert "the tables are: customers" in result.stderr


def test_check_ends_with_status_2_for_errors_only(call, csv):
    fine = call("check", csv, findings=[WARNING])
    assert fine.exit_code == 0
    assert "no errors" in fine.stdout
    wrong = call("check", csv, findings=[WARNING, ERROR])
    assert wrong.exit_code == 2
    assert wrong.stderr.index("is a second root") < wrong.stderr.index("has 3 rows")
    assert "line 4" in wrong.stderr


@pytest.mark.feature(264)
def test_plan_shows_reading_training_generating_writing_and_the_spec_and_does_nothing(call, csv):
    result = call("plan", csv, "--records", 10)
    assert [question for question, _ in result.engine.asked] == ["plan"]
    for words in (
        "Read",
        "Train",
        "Generate",
        "Write",
        "application storage",
        "not read: note",
        "records: 10",
        "10 rows",
    ):
        assert words in result.stdout


def test_a_plan_with_errors_ends_with_status_2_in_both_forms(call, csv):
    assert call("plan", csv, findings=[ERROR]).exit_code == 2
    result = call("plan", csv, "--json", findings=[ERROR])
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["findings"][0]["line"] == 4


@pytest.mark.feature(13)
def test_sensitive_columns_that_may_come_out_are_named_in_words(call, csv):
    result = call("plan", csv)
    assert "Sensitive and NOT synthesized: email" in result.stdout
    assert "real values of these columns will come out" in result.stdout


def test_detect_shows_reasons_and_sensitivity_in_words(call, csv):
    result = call("detect", csv)
    for words in (
        "3 of 3 look alike",
        "sensitive: looks like e-mail addresses",
        "unique and counting up",
        "3 are null",
    ):
        assert words in result.stdout


@pytest.mark.parametrize("name", ["spec.toml", "spec.json", "spec"])
def test_detect_writes_no_spec_that_would_be_taken_for_data(call, csv, tmp_path, name):
    result = call("detect", csv, "-o", tmp_path / name)
    assert result.exit_code == 2
    assert "spec.yaml" in result.stderr
    assert not (tmp_path / name).exists()


def test_detect_does_not_replace_a_file_unasked(call, csv, tmp_path):
    spec = tmp_path / "spec.yaml"
    spec.write_text("mine", encoding="utf-8")
    assert call("detect", csv, "-o", spec).exit_code == 2
    assert spec.read_text(encoding="utf-8") == "mine"
    assert call("detect", csv, "-o", spec, "--force").exit_code == 0
    assert "source:" in spec.read_text(encoding="utf-8")


def test_schema_and_version_and_plugins_are_documents(call, tmp_path):
    assert json.loads(call("schema").stdout)["properties"]["source"]
    assert call("schema", "-o", tmp_path / "schema.json").exit_code == 0
    assert json.loads((tmp_path / "schema.json").read_text(encoding="utf-8"))["properties"]["source"]
    assert set(json.loads(call("version", "--json").stdout)) == {"semblant", "python", "platform"}
    assert {"files"} <= {row["name"] for row in json.loads(call("plugins", "--json").stdout)["plugins"]}


def test_plugins_can_be_shown_by_kind(call):
    kinds = {row["kind"] for row in json.loads(call("plugins", "--json", "--kind", "source").stdout)["plugins"]}
    assert kinds == {"source"}
    assert call("plugins", "--kind", "sources").exit_code == 2


COMMON = ["run", "train", "detect", "check", "plan", "preview"]


@pytest.mark.parametrize("name", COMMON)
def test_json_is_one_document_on_standard_output(call, csv, name):
    result = call(name, csv, "--json", findings=[WARNING])
    assert result.exit_code == 0
    assert isinstance(json.loads(result.stdout), dict)


@pytest.mark.parametrize("name", COMMON)
def test_a_fault_is_a_document_with_json_and_a_line_without(call, csv, name):
    fault = SourceError("the disk is gone", fix="mount it")
    document = json.loads(call(name, csv, "--json", fault=fault).stdout)
    told = {"code": "source", "message": "the disk is gone", "fix": "mount it", "findings": []}
    assert document == {"error": {**told, "help": "semblant help source", "ask": ask()}}
    shown = call(name, csv, fault=fault)
    assert shown.stdout == ""
    assert "the disk is gone" in shown.stderr
    assert "Traceback" not in shown.stderr


@pytest.mark.parametrize("name", COMMON)
def test_a_target_that_is_not_there_ends_with_status_3_and_the_nearest_name(call, csv, name):
    result = call(name, csv.with_name("custmers.csv"))
    assert result.exit_code == 3
    assert "customers.csv" in result.stderr


def test_a_mistyped_command_is_guessed_and_a_file_gets_the_command_it_needs(call, csv):
    assert "did you mean 'semblant generate'?" in call("generat").stderr
    result = call(csv)
    assert result.exit_code == 2
    assert f"semblant run {csv}" in result.stderr


def test_usage_errors_are_documents_with_json(call):
    result = call("run", "--nonsense", "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["code"] == "usage"


def test_without_a_command_the_help_is_shown_and_its_lines_are_kept(call):
    for result, shown in ((call(), "stderr"), (call("--help"), "stdout")):
        assert "  semblant demo\n" in getattr(result, shown)
        assert "error" not in result.output
    assert call().exit_code == 2
    assert call("--help").exit_code == 0
    assert json.loads(call("--json").stdout)["error"]["message"] == "missing command"


def test_json_may_stand_before_the_command_too(call):
    assert json.loads(call("--json", "version").stdout)["semblant"]


def test_verbose_shows_the_log_without_secrets(call, csv):
    def work(engine):
        logging.getLogger("semblant.sources").info("opened mysql://ann:hunter22@db")
        logging.getLogger("semblant.sources").debug("details")

    assert "opened" not in call("run", csv, during=work).stderr
    assert "info semblant.sources: opened mysql://ann:***@db" in call("run", csv, "-v", during=work).stderr
    assert "details" in call("run", csv, "-vv", during=work).stderr


@pytest.mark.feature(267)
def test_doctor_ends_with_status_3_when_something_must_be_mended(call, monkeypatch, tmp_path):
    document = json.loads(call("doctor", "--fast", "--json").stdout)
    assert {check["area"] for check in document["checks"]} == {
        "installation",
        "plugins",
        "machine",
        "home",
        "connectors",
    }
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("SEMBLANT_HOME", str(tmp_path / "file" / "home"))
    broken = call("doctor", "--fast")
    assert broken.exit_code == 3
    assert "fix: move that file away" in broken.stdout


def test_doctor_looks_at_both_ends_of_a_spec(call, csv, tmp_path):
    spec = tmp_path / "spec.yaml"
    spec.write_text(
        f"source: {{type: files, path: {csv}}}\ndestination: {{type: folder, path: {tmp_path}/out}}\n", encoding="utf-8"
    )
    checks = json.loads(call("doctor", spec, "--fast", "--json").stdout)["checks"]
    assert {check["name"] for check in checks} >= {"source files", "destination folder"}


def test_demo_shows_what_to_try_next(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEMBLANT_HOME", str(tmp_path / "home"))
    result = call("demo", "--json")
    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert len(document["next"]) == 3
    assert Path(document["original"]).is_dir()
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700
    (tmp_path / "semblant-demo").mkdir()
    again = json.loads(call("demo", "--json").stdout)
    assert "semblant-demo-2" in again["location"]
