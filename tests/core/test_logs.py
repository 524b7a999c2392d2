"""Logs: one JSON object per line, and no secret in any."""

from __future__ import annotations

import json
import logging
import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semblant.events import Event, EventKind, Step
from semblant.logs import LOG_NAME, job_log, log_event, record_crash, redact

LEAKS = [
    "postgresql://ann:{}@db.example/shop?sslmode=require",
    "postgresql+psycopg://ann:{}@[::1]:5432/shop",
    "mysql://ann:{}@host",
    "cannot parse postgresql://ann:{}",
    "password={}",
    "PGPASSWORD={} psql",
    "host=db password='{}' user=ann",
    '{{"password": "{}", "user": "ann"}}',
    "{{'aws_secret_access_key': '{}'}}",
    "AccountName=x;AccountKey={};EndpointSuffix=y",
    "Authorization: Bearer {}",
    "https://x.blob.example/c?sv=1&sig={}&se=2",
    "api_key: {}",
    "client_secret={},tenant=x",
    "passphrase={}",
    "Pwd={};Server=y",
]


@pytest.mark.parametrize("text", LEAKS)
def test_a_secret_is_hidden_wherever_drivers_write_it(text):
    shown = redact(text.format("hunter22XYZ"))
    assert "hunter22XYZ" not in shown
    assert "***" in shown


@pytest.mark.parametrize(
    "text",
    [
        "column 'password': has 3 values too many",
        "tables.users.columns.token: is not a column of this table",
        "http://localhost:8080/path",
        "sqlite:////home/ann/shop.db",
        "s3://bucket/prefix",
        "set it as password=env:DB_PASSWORD",
        "{'password': 'env:DB_PASSWORD'}",
        "the primary key: customers",
        "12 tokens: 4 per column",
        "C:\\Users\\ann",
        "asset: house",
        "design: simple",
    ],
)
def test_what_is_no_secret_stays_readable(text):
    assert redact(text) == text


def test_known_values_are_hidden_everywhere_but_short_ones_do_not_garble():
    secrets = frozenset({"correct horse", "a", "", "db"})
    assert redact("the db said: correct horse is wrong at a", secrets) == "the db said: *** is wrong at a"


def test_a_password_that_is_part_of_the_host_does_not_garble_it():
    assert redact("postgresql://ann:example@db.example.org/x") == "postgresql://ann:***@db.example.org/x"


@given(st.text(max_size=200))
@settings(deadline=None)
def test_hiding_twice_is_hiding_once(text):
    once = redact(text)
    assert redact(once) == once


def lines(folder):
    return [json.loads(line) for line in (folder / LOG_NAME).read_text(encoding="utf-8").splitlines()]


@pytest.mark.feature(97)
def test_a_job_log_is_json_lines_private_and_appended_to(tmp_path):
    for text in ("first", "second"):
        with job_log(tmp_path) as logger:
            logger.info("%s\nline", text, extra={"rows": 3})
    found = lines(tmp_path)
    assert [line["message"] for line in found] == ["first\nline", "second\nline"]
    assert found[0]["rows"] == 3
    assert found[0]["level"] == "info"
    assert stat.S_IMODE((tmp_path / LOG_NAME).stat().st_mode) == 0o600
    logging.getLogger("semblant").warning("after the end")
    assert len(lines(tmp_path)) == 2


def test_warnings_of_others_are_kept_and_their_chatter_is_not(tmp_path):
    with job_log(tmp_path):
        logging.getLogger("sqlalchemy.pool").warning("slow")
        logging.getLogger("fsspec").info("chatter")
        logging.getLogger("semblant.sources").info("ours")
    assert [line["message"] for line in lines(tmp_path)] == ["slow", "ours"]


def test_secrets_are_in_no_part_of_a_line(tmp_path):
    with job_log(tmp_path, secrets=frozenset({"swordfish"})) as logger:
        try:
            int("mysql://ann:hunter22XYZ@db swordfish")
        except ValueError:
            logger.exception(
                "failed with %s",
                "password=hunter22XYZ",
                extra={
                    "settings": {"password": "hunter22XYZ", "deep": [{"token": "hunter22XYZ"}]},
                    "note": "swordfish",
                    "user": "ann",
                },
            )
    text = (tmp_path / LOG_NAME).read_text(encoding="utf-8")
    assert "hunter22XYZ" not in text
    assert "swordfish" not in text
    assert "ValueError" in lines(tmp_path)[0]["traceback"]
    assert lines(tmp_path)[0]["user"] == "ann"


def test_events_are_logged_with_their_code_and_progress_at_debug_only(tmp_path):
    with job_log(tmp_path):
        log_event(Event(kind=EventKind.STEP_STARTED, step=Step.TRAIN, table="customers", job="j"))
        log_event(Event(kind=EventKind.STEP_PROGRESS, step=Step.TRAIN, done=1.0))
        log_event(Event(kind=EventKind.WARNING, message="few rows"))
    first, second = lines(tmp_path)
    assert (first["event"], first["event_step"], first["event_table"]) == ("step_started", "AI training", "customers")
    assert (second["level"], second["message"]) == ("warning", "few rows")


def test_a_crash_goes_to_the_job_then_the_home_then_anywhere(tmp_path, monkeypatch):
    error = ValueError("password=hunter22XYZ")
    job = tmp_path / "job"
    job.mkdir()
    assert record_crash(error, folder=job, home=tmp_path) == job / LOG_NAME
    at_home = record_crash(error, folder=tmp_path / "gone", home=tmp_path / "home")
    assert at_home is not None
    assert at_home.parent == tmp_path / "home" / "logs"
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700
    assert "hunter22XYZ" not in at_home.read_text(encoding="utf-8")
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    elsewhere = record_crash(error, home=blocked)
    assert elsewhere is not None
    assert elsewhere.parent == tmp_path
    monkeypatch.setattr("tempfile.tempdir", str(blocked))
    assert record_crash(error, home=blocked) is None
