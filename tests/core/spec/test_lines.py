"""YAML 1.2 and JSON to plain data with lines; whatever the text, a finding and no traceback."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semblant.spec.lines import read


def codes(text: str) -> list[str]:
    return [finding.code for finding in read(text).findings]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("y", "y"),
        ("yes", "yes"),
        ("2024-01-01", "2024-01-01"),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("true", True),
        ("null", None),
        ("~", None),
        ("", None),
        ("0x10", 16),
        ("0o17", 15),
        ("017", 17),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("'1'", "1"),
        ('"true"', "true"),
        ("!!str 5", "5"),
        (".inf", float("inf")),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    read_value = read(f"a: {text}").data["a"]
    assert (read_value, type(read_value)) == (value, type(value))


def test_keys_stay_texts() -> None:
    assert read("{no: 1, 2024: 2, true: 3, ~: 4}").data == {"no": 1, "2024": 2, "true": 3, "~": 4}


def test_every_key_and_entry_knows_its_line() -> None:
    document = read("a: 1\nb:\n  - x\n  - y: 2\nc: {d: 3}\n")
    assert [
        document.line(keys) for keys in [("a",), ("b", 1), ("b", 1, "y"), ("c", "d"), ("c", "missing"), ("zzz",)]
    ] == [1, 4, 4, 5, 5, None]


def test_all_duplicate_keys_are_told_with_both_lines() -> None:
    found = read("a: 1\nb: 2\na: 3\nc:\n  d: 1\n  d: 2\n").findings
    assert [(finding.path, finding.line, finding.code) for finding in found] == [
        ("a", 3, "duplicate-key"),
        ("c.d", 6, "duplicate-key"),
    ]
    assert "line 1" in found[0].message


def test_json_is_read_with_lines_tabs_and_surrogates() -> None:
    text = '{\n\t"source": {"type": "files"},\n\t"name": "\\ud83d\\ude00",\n\t"url": "a\\/b"\n}'
    document = read(text)
    assert document.data == json.loads(text)
    assert document.line(("name",)) == 3


def test_json_with_a_key_twice_is_refused() -> None:
    assert codes('{"a": 1,\n "a": 2}') == ["duplicate-key"]


def test_anchors_and_merge_keys_work() -> None:
    text = "base: &b {x: 1, y: 2}\none:\n  <<: *b\n  y: 3\ntwo: *b\n"
    assert read(text).data == {"base": {"x": 1, "y": 2}, "one": {"x": 1, "y": 3}, "two": {"x": 1, "y": 2}}


def test_a_quoted_merge_sign_is_a_key() -> None:
    assert read('"<<": {a: 1}').data == {"<<": {"a": 1}}


def test_an_explosion_of_anchors_is_stopped_soon() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
    )
    begun = time.process_time()
    assert codes(bomb) == ["too-large"]
    assert time.process_time() - begun < 10


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("a:\n\tb: 1", "syntax", 2),
        ("a: [1,\nb: 2", "syntax", 1),
        ("x: 1\ny: b: c", "syntax", 2),
        ("a: 'x\n", "syntax", 1),
        ("a: 1\n---\nb: 2", "syntax", 2),
        ("a: *nope", "syntax", 1),
        ("a: !!python/object:os.system {}", "tag", 1),
        ("a: &x [*x]", "recursive-anchor", 1),
        ("a: &x {<<: *x}", "recursive-anchor", 1),
        ("? [a]\n: 1", "syntax", 1),
        ("<<: 3", "syntax", 1),
        ("a: \x00", "syntax", None),
        ("[" * 5000, "too-deep", None),
        ("- " * 200 + "a", "too-deep", None),
    ],
)
def test_a_text_that_is_no_spec_is_named_with_its_line(text: str, code: str, line: int | None) -> None:
    found = read(text).findings
    assert code in [finding.code for finding in found]
    if line is not None:
        assert line in [finding.line for finding in found]
    assert all(finding.fix for finding in found)


def test_a_tab_is_named_as_what_it_is() -> None:
    assert "tab" in read("a:\n\tb: 1").findings[0].message


@given(st.text(alphabet=st.sampled_from("ab:{}[]-,&*!|>'\"%@`#?\n\t \\<~1."), max_size=60))
def test_no_text_makes_the_reader_raise(text: str) -> None:
    read(text)


@given(st.binary(max_size=60))
def test_no_bytes_make_the_reader_raise(content: bytes) -> None:
    read(content.decode("latin-1"))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=10), JSON, min_size=1, max_size=4), st.sampled_from([None, 1, "\t"]))
def test_any_json_is_read_as_json_reads_it(data: dict[str, object], indent: int | str | None) -> None:
    assert read(json.dumps(data, indent=indent)).data == data
