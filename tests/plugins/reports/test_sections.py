"""What the sections say: limits, protection of the few, every type and size, the same twice."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from attrs import asdict, evolve

from semblant.privacy import NullAccount
from semblant.report.blocks import Score, Scores, Table, Text, Tone
from semblant.report.inputs import ReportInputs, ReportLimits
from semblant.schema import ForeignKey
from semblant.training import ColumnPlan
from semblant.vocabulary import ColumnTreatment, EncodingType, Role
from tests.plugins.reports.hostile import hostile
from tests.plugins.reports.material import Keys, database, document, figures, inputs, people


def texts(given: ReportInputs, without: tuple[str, ...] = ("detection",)) -> str:
    """Give all that a report says, figures and blocks, as one text."""
    made = document(given, without)
    return json.dumps(
        [[section.figures, [asdict(block) for block in section.blocks]] for section in made.sections],
        ensure_ascii=False,
        default=str,
    )


@pytest.fixture(scope="module")
def three() -> ReportInputs:
    return inputs(people(2000, 1), people(2000, 2), people(2000, 3))


@pytest.mark.feature(52)
def test_the_univariate_limit_shows_the_most_different_columns_and_tells_the_rest() -> None:
    train, made = people(2000, 1), people(2000, 2)
    made = made.set_column(1, "job", pa.array(["nurse"] * 2000))
    full = figures("univariate", inputs(train, made))["tables"][0]

    limited = figures("univariate", inputs(train, made, limits=ReportLimits(univariate=1)))["tables"][0]

    assert len(full["columns"]) == 4
    assert full["left_out"] == []
    assert [column["column"] for column in limited["columns"]] == ["job"]
    assert sorted(limited["left_out"]) == ["age", "income", "member"]
    assert "3 of 4 columns are not shown" in texts(inputs(train, made, limits=ReportLimits(univariate=1)))


@pytest.mark.feature(53)
def test_the_bivariate_limit_shows_the_most_different_columns_and_tells_the_rest() -> None:
    train, made = people(2000, 1), people(2000, 2)
    made = made.set_column(1, "job", pa.array(["nurse"] * 2000))
    full = figures("bivariate", inputs(train, made))["tables"][0]

    limited = figures("bivariate", inputs(train, made, limits=ReportLimits(bivariate=2)))["tables"][0]

    assert len(full["columns"]) == 4
    assert len(full["matrix"]) == 10
    assert len(limited["columns"]) == 2
    assert "job" in limited["columns"]
    assert len(limited["left_out"]) == 2
    assert "2 are left out" in texts(inputs(train, made, limits=ReportLimits(bivariate=2)))


@pytest.mark.feature(54)
def test_the_neighbour_limit_measures_distances_in_fewer_columns_and_tells_it() -> None:
    given = inputs(people(800, 1), people(800, 2), people(800, 3))
    limited = evolve(given, limits=ReportLimits(knn=2))

    wide, narrow = (figures("neighbours", item)["tables"][0] for item in (given, limited))

    assert (wide["columns"], narrow["columns"]) == (4, 2)
    assert narrow["distances"]["synthetic_to_training"]["median"] < wide["distances"]["synthetic_to_training"]["median"]
    assert "2 are left out" in texts(limited)


def test_no_value_of_few_appears_anywhere() -> None:
    train = people(2000, 1)
    planted = [f"canary-{number:04d}" for number in range(200)]
    jobs = train.column("job").to_pylist()
    jobs[:9] = ["canary-nine"] * 9
    jobs[9:19] = ["known-ten"] * 10
    ids = [planted[row] if row < 200 else "common" for row in range(2000)]
    income = train.column("income").to_pylist()
    income[0], income[1] = 987_654.25, -123_456.75
    train = pa.table(
        {
            "job": jobs,
            "code": ids,
            "income": income,
            "note": [f"{name} wrote this {row}" for row, name in enumerate(ids)],
        }
    )

    said = texts(inputs(train, train, train))

    assert "canary" not in said
    assert "wrote this" not in said
    assert "known-ten" in said
    for extreme in ("987654", "987,654", "123456", "123,456"):
        assert extreme not in said


def test_values_of_one_subject_in_many_rows_are_not_shown() -> None:
    customers = pa.table({"id": list(range(100)), "city": ["Bonn", "Graz"] * 50})
    orders = pa.table(
        {
            "id": list(range(2000)),
            "customer": [7 if row < 500 else row % 100 for row in range(2000)],
            "article": ["secret hobby" if row < 500 else "bread" for row in range(2000)],
        }
    )
    key = ForeignKey(columns=("customer",), references="customers", referenced_columns=("id",))
    keys: Keys = {"customers": (("id",), ()), "orders": (("id",), (key,))}
    both = database({"customers": customers, "orders": orders}, keys)

    shown = texts(ReportInputs(title="shop", original=both, synthetic=both))
    plain = texts(inputs(orders.select(["article"]), orders.select(["article"])))

    assert "secret hobby" not in shown
    assert "bread" in shown
    assert "secret hobby" in plain


def test_the_subject_is_found_over_two_generations() -> None:
    households = pa.table({"id": [1, 2]})
    members = pa.table({"id": list(range(40)), "household": [1] * 20 + [2] * 20})
    visits = pa.table(
        {
            "member": [row % 40 for row in range(400)],
            "reason": ["flu" if row % 40 < 20 else "cough" for row in range(400)],
        }
    )
    keys: Keys = {
        "households": (("id",), ()),
        "members": (
            ("id",),
            (ForeignKey(columns=("household",), references="households", referenced_columns=("id",)),),
        ),
        "visits": ((), (ForeignKey(columns=("member",), references="members", referenced_columns=("id",)),)),
    }
    data = database({"households": households, "members": members, "visits": visits}, keys)

    assert '"flu"' not in texts(ReportInputs(title="t", original=data, synthetic=data))
    assert '"flu"' in texts(ReportInputs(title="t", original=data, synthetic=data, min_subjects=1))


@pytest.mark.parametrize(("rows", "made"), [(300, 300), (30, 40), (2, 1), (1, 0), (0, 5), (0, 0)])
def test_every_type_and_size_has_a_report(rows: int, made: int) -> None:
    given = inputs(hostile(rows, 1), hostile(made, 2), hostile(rows, 3))

    found = document(given)

    left_out = {section.name for section in found.sections if section.left_out}
    assert left_out == {"history", "relational", "constraints"}
    assert all(section.blocks for section in found.sections if not section.left_out)


@pytest.mark.feature(254)
def test_columns_that_are_missing_together_are_told_from_those_that_are_not() -> None:
    gone = np.arange(1000) < 300
    train = pa.table({"a": pa.array(np.ones(1000), mask=gone), "b": pa.array(np.ones(1000), mask=gone)})
    made = pa.table({"a": pa.array(np.ones(1000), mask=gone), "b": pa.array(np.ones(1000), mask=gone[::-1])})

    found = figures("missing", inputs(train, made))["tables"][0]

    assert found["patterns"][1] == {"columns": ["a", "b"], "original": 0.3, "synthetic": 0.0}
    assert found["accuracy"] == pytest.approx(0.4)
    assert figures("missing", inputs(train, train))["tables"][0]["accuracy"] == 1.0


def test_figures_are_the_same_twice(three: ReportInputs) -> None:
    again = inputs(people(2000, 1), people(2000, 2), people(2000, 3))

    assert texts(three, ()) == texts(again, ())


def test_without_a_holdout_the_report_says_what_is_not_known() -> None:
    given = inputs(people(500, 1), people(500, 2), holdout_reason="too few rows")

    found = figures("summary", given)

    assert found["ceiling"] is None
    assert found["nearer_to_training"] is None
    assert "There is no holdout (too few rows)" in texts(given)


def test_a_private_report_says_that_epsilon_does_not_cover_it() -> None:
    class Account(NullAccount):
        private = True

    given = inputs(
        people(500, 1), people(500, 2), privacy=Account(), history={"people": [{"step": 1, "loss": 2.5}] * 3}
    )

    assert "epsilon does not cover it" in texts(given)
    assert figures("history", given)["tables"][0]["entries"] == [{"step": 1.0}] * 3


def test_sensitive_columns_that_come_out_are_shown_apart_from_those_that_do_not() -> None:
    def plan(name: str, **more: Any) -> ColumnPlan:
        return ColumnPlan(name=name, type=pa.string(), encoding=EncodingType.CATEGORICAL, **more)

    plans = (
        plan("age"),
        plan("job", sensitive=True, reason="few values"),
        plan("income", sensitive=True, treatment=ColumnTreatment.KEEP),
    )
    given = inputs(people(500, 1), people(500, 2), columns={"people": plans})

    said = [block for block in document(given, ("detection",)).sections[1].blocks if isinstance(block, Text)]

    assert next(block.text for block in said if block.tone is Tone.GOOD).startswith("Sensitive and synthesized: job.")
    assert next(block.text for block in said if block.tone is Tone.BAD).startswith(
        "Sensitive and not synthesized: income."
    )
    assert "few values" in texts(given)


def test_keys_identifiers_and_copied_tables_are_not_compared() -> None:
    plans = (
        ColumnPlan(name="age", type=pa.int64(), encoding=EncodingType.INTEGER),
        ColumnPlan(name="job", type=pa.string(), encoding=EncodingType.IDENTIFIER),
        ColumnPlan(name="member", type=pa.bool_(), encoding=EncodingType.BOOLEAN, role=Role.FOREIGN_KEY),
    )
    given = inputs(people(500, 1), people(500, 2), columns={"people": plans})

    table = figures("univariate", given)["tables"][0]

    assert [column["column"] for column in table["columns"]] == ["age"]
    assert table["identifiers"] == ["job", "member"]
    copied = figures("summary", evolve(given, copied=frozenset({"people"})))
    assert copied["tables"] == {}
    assert copied["skipped"] == {"people": "copied unchanged, not compared"}


def test_a_constant_column_and_one_that_is_not_there_come_with_advice() -> None:
    train, made = people(2000, 1), people(2000, 2)
    made = made.set_column(1, "job", pa.array(["nurse"] * 2000)).drop_columns(["income"])

    worst = {
        row["column"]: row["advice"]
        for row in figures("summary", inputs(train, made, people(2000, 3)))["tables"]["people"]["worst"]
    }

    assert worst["job"].startswith("all synthetic values are the same")
    assert worst["income"].startswith("the synthetic table does not have it")


def test_detection_names_the_column_that_gives_the_rows_away() -> None:
    pytest.importorskip("sklearn", reason="the extra 'reports' is not installed")
    train, made = people(2000, 1), people(2000, 2)
    worse = made.set_column(0, "age", pa.array([value + 15 for value in made.column("age").to_pylist()]))

    good = figures("detection", inputs(train, made))["tables"][0]
    bad = figures("detection", inputs(train, worse))["tables"][0]

    assert good["auc"] == pytest.approx(0.5, abs=0.04)
    assert bad["auc"] > 0.65
    assert {column["column"] for column in bad["columns"][:2]} == {"age", "income"}


def test_a_histogram_has_round_edges_and_its_shares_add_up() -> None:
    column = next(
        item
        for item in figures("univariate", inputs(people(5000, 1), people(5000, 2)))["tables"][0]["columns"]
        if item["column"] == "income"
    )

    assert all(edge["from"] % 500 == 0 for edge in column["bins"])
    for side in ("original", "synthetic"):
        assert sum(edge[side] for edge in column["bins"]) + column["beyond"][side] + column["missing"][
            side
        ] == pytest.approx(1, abs=0.002)


def test_settings_used_are_written_short_and_without_empty_ones() -> None:
    used = {"epochs": 29.09948415622697, "rate": 0.0001, "rows": 123456, "stopped": "", "nested": {"none": None}}
    made = document(inputs(people(300, 1), people(300, 2), settings_used={"people": used}), ("detection",))
    section = next(item for item in made.sections if item.name == "data")

    shown = next(item for item in section.blocks if isinstance(item, Table) and item.columns == ("setting", "value"))

    assert [tuple(row) for row in shown.rows] == [("epochs", "29.1"), ("rate", "0.0001"), ("rows", "123456")]
    assert section.figures["settings_used"]["people"] == used


@pytest.mark.parametrize("repeats", [1, 3, 6])
def test_a_column_of_rare_values_alone_is_not_said_to_be_the_same(repeats: int) -> None:
    def mail(host: str) -> pa.Table:
        mails = [f"{row // repeats}@{host}" for row in range(1800)]
        return people(1800, 1).append_column("mail", pa.array(mails))

    given = inputs(mail("here.org"), mail("elsewhere.net"), mail("third.com"))
    section = next(item for item in document(given, ("detection",)).sections if item.name == "univariate")
    listed = next(item for item in section.blocks if isinstance(item, Table))
    rows = {row[0]: tuple(row) for row in listed.rows}

    assert rows["mail"][1:4] == ("not compared by value", "–", "–")
    assert rows["job"][1] == "category"
    assert rows["job"][2] == "0.0000"
    assert "every value is rare" in listed.caption
    assert {column["column"]: column["by_value"] for column in section.figures["tables"][0]["columns"]} == {
        "age": True,
        "job": True,
        "income": True,
        "member": True,
        "mail": False,
    }


def headline(given: ReportInputs) -> dict[str, Score]:
    section = next(item for item in document(given).sections if item.name == "summary")
    shown = next(item for item in section.blocks if isinstance(item, Scores))
    return {score.label: score for score in shown.scores}


def test_a_table_against_itself_is_flagged_without_a_holdout() -> None:
    scores = headline(inputs(people(600, 1), people(600, 1)))

    assert scores["Identical rows"].tone is Tone.BAD
    assert "these are copies" in scores["Identical rows"].note
    assert scores["Detection"].tone is Tone.BAD
    assert "rows occur on both sides" in scores["Detection"].note


def test_some_copied_rows_are_fair_and_none_have_no_verdict() -> None:
    some = pa.concat_tables([people(600, 1).slice(0, 90), people(510, 2)])

    copied, fresh = (headline(inputs(people(600, 1), made)) for made in (some, people(600, 2)))

    assert copied["Identical rows"].tone is Tone.FAIR
    assert fresh["Identical rows"].tone is Tone.PLAIN
    assert "without a holdout nobody knows" in fresh["Identical rows"].note
    assert fresh["Detection"].tone is Tone.GOOD
    assert "both sides" not in fresh["Detection"].note


def test_rows_that_repeat_in_the_original_are_no_copies() -> None:
    scores = headline(inputs(people(600, 1).select(["job", "member"]), people(600, 2).select(["job", "member"])))

    assert scores["Identical rows"].value == "100.00%"
    assert scores["Identical rows"].tone is Tone.PLAIN


def shop(orders: pa.Table, countries: pa.Table) -> Any:
    return database({"orders": orders, "countries": countries})


def test_a_lookup_table_that_is_the_same_on_both_sides_is_told_apart() -> None:
    countries = pa.table({"code": [f"c{row}" for row in range(50)], "size": list(range(50))})
    turned = countries.take(list(range(49, -1, -1)))
    given = ReportInputs(title="shop", original=shop(people(600, 1), countries), synthetic=shop(people(600, 2), turned))
    plans = (ColumnPlan(name="size", type=pa.int64(), encoding=EncodingType.CATEGORICAL),)
    learned = evolve(given, columns={"countries": plans}, spec={"source": {"type": "files"}})
    itself = evolve(given, synthetic=given.original)

    assert figures("summary", given)["scores"]["identical_rows"] < 0.5
    assert headline(given)["Identical rows"].tone is not Tone.BAD
    assert "countries is the same on both sides, row for row" in texts(given)
    assert figures("summary", learned)["scores"]["identical_rows"] == 1.0
    assert "of countries" in headline(learned)["Identical rows"].note
    assert figures("summary", itself)["scores"]["identical_rows"] == 1.0
    assert headline(itself)["Identical rows"].tone is Tone.BAD


def test_a_large_table_that_is_the_same_on_both_sides_stays_the_headline() -> None:
    customers = pa.table({"name": [f"customer {row}" for row in range(300)], "size": list(range(300))})
    given = ReportInputs(
        title="shop", original=shop(people(600, 1), customers), synthetic=shop(people(600, 2), customers)
    )

    assert figures("summary", given)["scores"]["identical_rows"] == 1.0
    assert "of countries" in headline(given)["Identical rows"].note
