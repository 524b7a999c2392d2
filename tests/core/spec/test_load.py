"""Specs from files, texts and data: what wins, and every mistake at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semblant.errors import ConfigError
from semblant.findings import ConfigStep
from semblant.settings.codes import fault
from semblant.spec.file import MAX_BYTES
from semblant.spec.load import load_spec, with_lines
from semblant.spec.model import ForeignKeySpec, Selected, Spec
from semblant.vocabulary import ModelSize, WriteMode
from tests.core.spec.plugins import standard

if TYPE_CHECKING:
    from pathlib import Path

HOST = standard()
SOURCE = "source: {type: files, path: /data/a.csv}\n"


def refused(source: Path | str | dict[str, object], overrides: tuple[str, ...] = (), **environment: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_spec(source, HOST, overrides, environment)
    return caught.value


def placed(error: ConfigError) -> list[tuple[str, str, int | None]]:
    return [(finding.path, finding.code, finding.line) for finding in error.findings]


@pytest.mark.feature(2)
def test_the_source_is_chosen_by_its_type_and_keeps_its_own_settings() -> None:
    assert load_spec(SOURCE, HOST).source == Selected(type="files", settings={"path": "/data/a.csv"})
    other = load_spec("source: {type: database, url: postgresql://h/d, password: env:PW}\n", HOST)
    assert other.source == Selected(type="database", settings={"url": "postgresql://h/d", "password": "env:PW"})


def test_a_short_spec_has_the_defaults_everywhere_else() -> None:
    expected = Spec(source=Selected(type="files", settings={"path": "/data/a.csv"}))
    assert load_spec(SOURCE, HOST, environment={}) == expected


def test_yaml_json_and_plain_data_give_the_same_spec(tmp_path: Path) -> None:
    data = {
        "source": {"type": "files", "path": "/data/a.csv"},
        "model": {"size": "large"},
        "tables": {"a b": {"primary_key": "id"}},
    }
    (tmp_path / "spec.json").write_text(json.dumps(data, indent=1))
    (tmp_path / "spec.yaml").write_text(SOURCE + 'model: {size: large}\ntables:\n  "a b": {primary_key: id}\n')
    specs = [load_spec(source, HOST) for source in (data, tmp_path / "spec.json", str(tmp_path / "spec.yaml"))]
    assert specs[0] == specs[1] == specs[2]
    assert specs[0].model.size is ModelSize.LARGE


def test_given_data_are_not_changed() -> None:
    data = {"source": {"type": "files", "path": "/a"}, "model": {}}
    load_spec(data, HOST, ["model.size=large"])
    assert data == {"source": {"type": "files", "path": "/a"}, "model": {}}


def test_a_schema_line_and_key_are_accepted() -> None:
    text = "# yaml-language-server: $schema=spec.schema.json\n$schema: spec.schema.json\n" + SOURCE
    assert load_spec(text, HOST).source.type == "files"


def test_ten_mistakes_are_ten_findings_with_path_and_line() -> None:
    text = """\
source:
  type: files
  pth: a.csv
seeed: 1
tables:
  Order Details:
    include: maybe
    columns:
      total: {encoding: numbr}
    primary_key: 3
    model: {max_epochs: 0}
model:
  size: huge
  learning_rate: '0.1'
generation:
  records: -1
destination:
  mode: replce
  path: /out
"""
    error = refused(text)
    assert placed(error) == [
        ("source.path", "missing-key", 1),
        ("source.pth", "unknown-key", 3),
        ("seeed", "unknown-key", 4),
        ('tables."Order Details".include', "wrong-type", 7),
        ('tables."Order Details".columns.total.encoding', "unknown-choice", 9),
        ('tables."Order Details".primary_key', "wrong-type", 10),
        ('tables."Order Details".model.max_epochs', "out-of-bounds", 11),
        ("model.size", "unknown-choice", 13),
        ("model.learning_rate", "wrong-type", 14),
        ("generation.records", "out-of-bounds", 16),
        ("destination.type", "missing-key", 17),
        ("destination.mode", "unknown-choice", 18),
    ]
    assert all(finding.fix for finding in error.findings)
    assert "12 mistakes" in str(error)
    assert {finding.step for finding in error.findings if finding.path.startswith("destination")} == {
        ConfigStep.DESTINATION
    }


def test_the_settings_of_a_component_are_checked_with_their_own_path() -> None:
    source = "source:\n  type: files\n  path: a\n  header_rows: -1\n"
    text = source + "destination:\n  type: folder\n  path: 3\n  mode: append\n"
    assert placed(refused(text)) == [("source.header_rows", "out-of-bounds", 4), ("destination.path", "wrong-type", 7)]


@pytest.mark.feature(59)
def test_the_destination_is_chosen_by_its_type_with_a_mode() -> None:
    assert load_spec(SOURCE, HOST).destination is None
    destination = load_spec(SOURCE + "destination: {type: folder, path: /out, mode: replace}\n", HOST).destination
    assert destination is not None
    assert (destination.type, destination.mode, destination.settings) == ("folder", WriteMode.REPLACE, {"path": "/out"})


def test_an_unknown_component_is_named_with_the_nearest_and_with_plugins_that_failed() -> None:
    with pytest.raises(ConfigError) as caught:
        load_spec("source: {type: flies}\n", standard("acme failed: no module named 'acme_driver'"), environment={})
    (finding,) = caught.value.findings
    assert (finding.path, finding.code, finding.line) == ("source.type", "unknown-component", 1)
    assert "did you mean 'files'?" in finding.fix
    assert "acme_driver" in finding.fix


def test_a_component_without_its_package_comes_with_the_pip_line() -> None:
    (finding,) = refused("source: {type: oracle}\n").findings
    assert (finding.code, finding.fix) == ("missing-dependency", "pip install 'semblant[oracle]'")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("model: {backend: netwrk}", ("model.backend", "unknown-component")),
        ("model: {backend: letters}", ("model.backend", "wrong-kind")),
        ("model: {text: {backend: network}}", ("model.text.backend", "wrong-kind")),
        ("model: {settings: {layers: 0}}", ("model.settings.layers", "out-of-bounds")),
        ("model: {backend: network, settings: {layer: 1}}", ("model.settings.layer", "unknown-key")),
        ("tables: {a: {model: {backend: nothing}}}", ("tables.a.model.backend", "unknown-component")),
        ("report: {formats: [pdf, docx]}", ("report.formats[1]", "unknown-component")),
        ("report: {formats: docx}", ("report.formats", "unknown-component")),
        ("report: {sections: [univariat]}", ("report.sections[0]", "unknown-component")),
        ("name: a/b", ("name", "bad-name")),
    ],
)
def test_backends_formats_sections_and_names_are_checked(text: str, expected: tuple[str, str]) -> None:
    (finding,) = refused(SOURCE + text + "\n").findings
    assert (finding.path, finding.code, finding.line) == (*expected, 2)


def test_overrides_win_over_environment_over_file_over_defaults() -> None:
    text = SOURCE + "model: {size: small}\n"
    variable = {"SEMBLANT_SET__MODEL__SIZE": "medium"}
    sizes = [
        load_spec(SOURCE, HOST, environment={}),
        load_spec(text, HOST, environment={}),
        load_spec(text, HOST, environment=variable | {"SEMBLANT_SET__SEED": "4"}),
        load_spec(text, HOST, ["model.size=large"], variable),
    ]
    assert [spec.model.size for spec in sizes] == [ModelSize.MEDIUM, ModelSize.SMALL, ModelSize.MEDIUM, ModelSize.LARGE]
    assert sizes[2].seed == 4


def test_the_variables_of_the_process_count_unless_others_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEMBLANT_SET__SEED", "9")
    assert load_spec(SOURCE, HOST).seed == 9
    assert load_spec(SOURCE, HOST, environment={}).seed == 0


def test_a_mistake_in_an_override_says_where_it_comes_from() -> None:
    error = refused(SOURCE, ("model.size=huge", "x"), SEMBLANT_SET__SEED="-1")
    texts = {finding.path: finding.message for finding in error.findings}
    assert "(set by --set model.size=huge)" in texts["model.size"]
    assert "(set by SEMBLANT_SET__SEED)" in texts["seed"]
    assert "has no '='" in texts["x"]


def test_overrides_reach_names_with_dots_and_blanks_and_lists() -> None:
    text = SOURCE + "tables: {o: {foreign_keys: [{columns: a, references: b}]}}\n"
    spec = load_spec(text, HOST, ['tables."Order Details".include=false', "tables.o.foreign_keys[0].references=c"], {})
    assert not spec.table("Order Details").include
    assert spec.table("o").foreign_keys == (ForeignKeySpec(columns=("a",), references="c"),)


def test_relative_paths_in_a_file_are_those_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    source = "source: {type: files, path: ../data/*.csv}\n"
    text = source + "destination: {type: folder, path: out}\nreport: {holdout: hold.csv}\n"
    (tmp_path / "sub" / "spec.yaml").write_text(text)
    spec = load_spec(tmp_path / "sub" / "spec.yaml", HOST, environment={})
    assert spec.source.settings["path"] == str(tmp_path / "data" / "*.csv")
    assert spec.destination is not None
    assert spec.destination.settings["path"] == str(tmp_path / "sub" / "out")
    assert spec.report.holdout == str(tmp_path / "sub" / "hold.csv")


@pytest.mark.parametrize("path", ["/data/a.csv", "s3://bucket/a.csv"])
def test_absolute_paths_and_urls_stay(tmp_path: Path, path: str) -> None:
    (tmp_path / "spec.yaml").write_text(f"source: {{type: files, path: ['{path}', b.csv]}}\n")
    spec = load_spec(tmp_path / "spec.yaml", HOST, environment={})
    assert spec.source.settings["path"] == [path, str(tmp_path / "b.csv")]


def test_a_path_in_text_or_override_is_that_of_the_working_directory(tmp_path: Path) -> None:
    assert load_spec("source: {type: files, path: a.csv}\n", HOST).source.settings["path"] == "a.csv"
    (tmp_path / "spec.yaml").write_text(SOURCE)
    spec = load_spec(tmp_path / "spec.yaml", HOST, ["source.path=b.csv"], {})
    assert spec.source.settings["path"] == "b.csv"


def test_files_that_are_no_spec_are_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SOURCE)
    (tmp_path / "image.yaml").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    (tmp_path / "zero.yaml").write_bytes(b"source: a\x00b")
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    (tmp_path / "list.yaml").write_text("- a\n- b\n")
    (tmp_path / "data.csv").write_bytes(b"name\n" + b"J\xf6rg\n" * 3)
    with (tmp_path / "huge.yaml").open("wb") as file:
        file.truncate(100 * 2**20)
    expected = {
        "spec.yml": "did you mean",
        "": "is a folder",
        "image.yaml": "UTF-8",
        "zero.yaml": "binary",
        "empty.yaml": "is empty",
        "list.yaml": "not a mapping",
        "data.csv": "looks like data",
        "huge.yaml": "100 MB",
        "no/such.yaml": "no folder",
    }
    for name, words in expected.items():
        text = str(refused(tmp_path / name))
        assert words in text, text
        assert "fix:" in text


def test_a_spec_at_the_limit_of_size_is_read(tmp_path: Path) -> None:
    text = SOURCE + "#" * (MAX_BYTES - len(SOURCE) - 1) + "\n"
    (tmp_path / "spec.yaml").write_text(text)
    assert load_spec(tmp_path / "spec.yaml", HOST).source.type == "files"


def test_a_byte_order_mark_and_utf_16_do_no_harm(tmp_path: Path) -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        (tmp_path / "spec.yaml").write_text(SOURCE, encoding=encoding)
        assert load_spec(tmp_path / "spec.yaml", HOST).source.type == "files"


def test_secrets_are_kept_as_references_and_plain_ones_refused_unseen() -> None:
    text = "source: {type: database, url: x, password: hunter2}\n"
    error = refused(text)
    assert [finding.code for finding in error.findings] == ["plain-secret"]
    assert "hunter2" not in str(error)


LEAVES = st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=6) | st.just("auto")
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "path",
                    "columns",
                    "include",
                    "primary_key",
                    "foreign_keys",
                    "references",
                    "text",
                    "size",
                    "a b",
                    "rebalance",
                    "formats",
                    "holdout",
                    "settings",
                    "model",
                    "encoding",
                    "backend",
                    "sections",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)
KEYS = ["source", "tables", "model", "generation", "report", "destination", "privacy", "name", "seed", "zzz"]


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from(KEYS), TREES, max_size=5))
def test_any_data_give_a_spec_or_a_config_error(data: dict[str, object]) -> None:
    try:
        load_spec(data, HOST, environment={})
    except ConfigError as error:
        assert error.findings or "empty" in error.message


def test_findings_of_later_checks_get_the_lines_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SOURCE + "tables:\n  a:\n    columns:\n      x: {}\n")
    paths = ["tables.a.columns.x.encoding", "tables.a.primary_key", "tables.b", "report.formats", "not a path"]
    found = with_lines([fault("wrong-type", path, "is wrong", "mend it") for path in paths], tmp_path / "spec.yaml")
    assert [finding.line for finding in found] == [5, 3, 2, None, None]
