"""The documents in ``spec/`` are what the code makes, and cover all of it."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from semblant.host import PluginHost
from semblant.settings.codes import CODES
from semblant.settings.fields import bounds
from semblant.settings.types import fields
from semblant.spec.documents import documents, main
from semblant.spec.reference import SECTIONS, hooks, signature

FOLDER = Path(__file__).parents[3] / "spec"
HOST = PluginHost(third_party=False)
DOCUMENTS = documents(HOST)
COMPONENTS = [*HOST.sources.values(), *HOST.destinations.values(), *HOST.models.values()]


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_document_is_what_the_code_makes(name: str) -> None:
    written = (FOLDER / name).read_text(encoding="utf-8")
    assert written == DOCUMENTS[name], "run: python -m semblant.spec.documents spec"


@pytest.mark.parametrize("name", sorted(hooks()))
def test_every_hook_is_documented_with_its_signature(name: str) -> None:
    text = DOCUMENTS["hooks.md"]
    assert f"\n## {name}\n\n```python\n{signature(name, hooks()[name])}\n```" in text
    assert hooks()[name].__doc__.splitlines()[0] in text
    for word in ("Called", ":returns:", "versionadded"):
        assert word in hooks()[name].__doc__


@pytest.mark.parametrize("cls", [cls for _, cls in SECTIONS] + [component.settings for component in COMPONENTS])
def test_every_setting_has_a_help_text_and_a_row(cls: type) -> None:
    rows = DOCUMENTS["settings.md"].splitlines()
    for key, (attribute, _) in fields(cls).items():
        if key == "settings" and not bounds(attribute):
            continue
        assert bounds(attribute)["help"], f"{cls.__name__}.{key}"
        assert any(row.startswith(f"| `{key}` |") for row in rows)


def test_every_code_of_core_and_validators_is_documented() -> None:
    text = DOCUMENTS["findings.md"]
    documented = dict(CODES)
    for validator in HOST.validators.values():
        documented |= validator.capabilities["findings"]
    assert len(documented) > 60
    for code in documented:
        assert f"\n| `{code}` |" in text


def test_no_code_in_the_source_is_undocumented() -> None:
    text = DOCUMENTS["findings.md"]
    found = set()
    for path in (FOLDER.parent / "core" / "semblant").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func).split(".")[-1] in {"Finding", "_finding", "fault"}:
                given = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "code")]
                found |= {
                    one.value
                    for one in given
                    if isinstance(one, ast.Constant)
                    and isinstance(one.value, str)
                    and re.fullmatch(r"[a-z]+(-[a-z]+)+", one.value)
                }
    assert len(found) > 20
    assert {code for code in found if f"\n| `{code}` |" not in text} == set()


def test_every_error_is_listed_with_its_exit_status() -> None:
    text = DOCUMENTS["findings.md"]
    assert "| `config` | 2 |" in text
    assert "| `source` | 3 |" in text
    assert "| `cancelled` | 130 |" in text


def test_the_schema_has_a_form_for_every_source_and_destination() -> None:
    schema = json.loads(DOCUMENTS["spec.schema.json"])
    for section, offered in (("source", HOST.sources), ("destination", HOST.destinations)):
        forms = {form["title"]: form for form in schema["properties"][section]["anyOf"] if "title" in form}
        assert set(forms) == {*offered, "connector"}
        assert forms["connector"]["required"] == ["connector"]
        for name, component in offered.items():
            assert set(fields(component.settings)) | {"type"} <= set(forms[name]["properties"])


def test_the_generator_writes_the_files_and_names_those_that_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 0
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == documents()
    assert len(capsys.readouterr().out.splitlines()) == len(DOCUMENTS)
    assert main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == ""
    assert main([str(tmp_path / "missing")]) == 2
