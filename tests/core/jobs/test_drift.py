"""Twelve changes of a source between configuring and running: each is an error that names it and says what to do."""

from __future__ import annotations

import sqlite3

import pytest

from semblant.drift import facts, refuse_drift
from semblant.engine import Engine
from semblant.errors import ConfigError, SemblantError


def shop(path):
    """Write a database of customers and their lookup of regions."""
    with sqlite3.connect(path) as connection:
        connection.executescript(
            """
            CREATE TABLE regions (code TEXT PRIMARY KEY, name TEXT NOT NULL);
            CREATE TABLE customers (id INTEGER PRIMARY KEY, age INTEGER, spent REAL, region TEXT REFERENCES regions);
            INSERT INTO regions VALUES ('n', 'north'), ('s', 'south');
            """
        )
        rows = [(n, 20 + n % 50, n * 1.5, "ns"[n % 2]) for n in range(200)]
        connection.executemany("INSERT INTO customers VALUES (?, ?, ?, ?)", rows)
    connection.close()


CHANGES = {
    "column dropped": "ALTER TABLE customers DROP COLUMN spent",
    "column renamed": "ALTER TABLE customers RENAME COLUMN age TO age_years",
    "column retyped": "CREATE TABLE c AS SELECT id, CAST(age AS TEXT) || 'y' AS age, spent, region FROM customers; "
    "DROP TABLE customers; ALTER TABLE c RENAME TO customers",
    "column added": "ALTER TABLE customers ADD COLUMN email TEXT; UPDATE customers SET email = id || '@b.c'",
    "table dropped": "DROP TABLE customers",
    "table renamed": "ALTER TABLE customers RENAME TO clients",
    "lookup dropped": "CREATE TABLE c AS SELECT * FROM customers; DROP TABLE customers; DROP TABLE regions; "
    "ALTER TABLE c RENAME TO customers",
    "table added": "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers); "
    "INSERT INTO orders SELECT id, id FROM customers",
    "table emptied": "DELETE FROM customers",
}
"""Per change what a colleague did to the database."""


@pytest.fixture
def configured(tmp_path):
    """Give a spec for the shop, and what its source held."""
    path = tmp_path / "shop.sqlite"
    shop(path)
    with Engine(home=tmp_path / "home") as engine:
        spec = engine.spec_for(str(path))
        plan = engine.plan(spec)
        assert plan.errors == ()
        yield engine, spec, facts(plan.schema), path


def checked(engine, spec, before):
    """Do what a job does before it trains."""
    plan = engine.plan(spec)
    if plan.errors:
        msg = "the configuration has faults"
        raise ConfigError(msg, findings=plan.errors)
    refuse_drift(before, facts(plan.schema))


def test_nothing_changed_is_no_drift(configured):
    engine, spec, before, _ = configured
    checked(engine, spec, before)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_the_database_is_named_with_its_mend(configured, change):
    engine, spec, before, path = configured
    with sqlite3.connect(path) as connection:
        connection.executescript(CHANGES[change])
    connection.close()
    with pytest.raises(SemblantError) as caught:
        checked(engine, spec, before)
    error = caught.value
    text = str(error)
    assert "customers" in text or "regions" in text or "orders" in text
    findings = getattr(error, "findings", ())
    assert error.fix or all(finding.fix for finding in findings)
    if change == "column renamed":
        assert "perhaps it is 'age_years' now" in text


def test_a_source_that_is_gone_or_unreadable_is_named(configured):
    engine, spec, before, path = configured
    path.write_bytes(b"no database")
    with pytest.raises(SemblantError, match=r"shop\.sqlite"):
        checked(engine, spec, before)
    path.unlink()
    with pytest.raises(SemblantError, match=r"shop\.sqlite") as caught:
        checked(engine, spec, before)
    assert caught.value.fix
    path.mkdir()
    with pytest.raises(SemblantError, match=r"shop\.sqlite"):
        checked(engine, spec, before)
    path.rmdir()


@pytest.mark.feature(78)
def test_a_queued_job_refuses_a_source_that_has_changed_since(local):
    from semblant.jobs.states import State
    from tests.core.jobs.scene import QUICK

    options = [word for setting in QUICK for word in ("--set", setting)]
    assert local.command("catalogs", "create", "shop", "customers.csv", *options).returncode == 0
    text = local.data.read_text(encoding="utf-8")
    local.data.write_text(text.replace("spent", "paid"), encoding="utf-8")
    assert local.command("catalogs", "run", "shop", "--queue").returncode == 0
    local.work()
    (job,) = local.store.lookup.jobs()
    assert (job.state, job.attempt) == (State.FAILED, 1)
    assert job.fault["findings"][0]["code"] == "column-gone"
    assert "'paid'" in job.fault["findings"][0]["message"]
    assert "--accept" in job.fault["fix"]
    assert local.command("catalogs", "edit", "shop", "--accept").returncode == 0
    assert "paid" in local.store.catalogs.get("shop").tables["customers"]
