"""Secrets are hidden wherever they come up, and what is no secret stays readable (promise S3)."""

from __future__ import annotations

import base64
import json
import logging
import random
import string
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from semblant import revealed
from semblant.errors import ConfigError, DestinationError
from semblant.logs import job_log, redact
from semblant.settings import Secret


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    """Keep what one test reveals from the others."""
    before = (set(revealed._values), set(revealed._public))
    yield
    revealed._values.clear()
    revealed._public.clear()
    revealed._values.update(before[0])
    revealed._public.update(before[1])
    revealed._renew()


AWKWARD = (
    "p@ss:w/rd?#&=",
    "käse-über-Straße",
    "quo\"te's\\and",
    "two words here",
    "percent%40sign%",
    "tab\tand\nline",
    "c2VjcmV0LXZhbHVl==",
    "${SHELL}`id`",
)


@pytest.mark.parametrize("secret", AWKWARD)
def test_a_revealed_secret_is_hidden_in_every_form_in_which_drivers_write_it(
    secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEMBLANT_TEST_SECRET_FORM", secret)
    assert Secret("env:SEMBLANT_TEST_SECRET_FORM").reveal() == secret
    forms = [secret, quote(secret), quote(secret, safe=""), json.dumps(secret)[1:-1], repr(secret)[1:-1]]
    forms.append(base64.b64encode(secret.encode()).decode())
    for form in forms:
        assert form not in redact(f"the server said <{form}> and went away"), form
        assert form not in str(DestinationError(f"no access with {form}", fix=f"not {form}"))


@pytest.mark.parametrize("secret", ["", "a", "db", "12345"])
def test_short_passwords_garble_nothing_and_are_hidden_where_a_credential_stands(
    secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEMBLANT_TEST_SHORT", secret)
    Secret("env:SEMBLANT_TEST_SHORT").reveal()
    line = "table 'data' of db.example:12345 has a bad column 'a'"
    assert redact(line) == line
    shown = redact(f"cannot open postgresql://ann:{secret}@db.example/shop, password={secret or chr(39) * 2}")
    assert f":{secret}@" not in shown or not secret
    assert "postgresql://ann:***@db.example/shop" in shown
    assert not secret or not shown.endswith(f"={secret}")


@pytest.mark.parametrize(
    ("secret", "public"),
    [("example", "db.example.com"), ("postgres", "postgres"), ("customers", "s3://lake/customers")],
)
def test_a_password_that_is_part_of_a_host_or_user_is_not_told_by_hiding_it(secret: str, public: str) -> None:
    revealed.note_public({"host": public})
    revealed.note(secret)
    line = f"cannot reach '{public}' as user 'postgres'"
    assert redact(line) == line
    assert redact(f"mysql://ann:{secret}@h/d") == "mysql://ann:***@h/d"
    assert secret not in redact(f"password='{secret}'")


def test_hosts_and_paths_of_settings_stay_readable_but_secrets_of_settings_do_not_count_as_public() -> None:
    from semblant_destinations.settings import S3Settings

    revealed.note_public(S3Settings(path="s3://warehouse/shop", secret_key=Secret("env:SEMBLANT_TEST_NAME_OF_IT")))
    revealed.note("warehouse")
    revealed.note("SEMBLANT_TEST_NAME_OF_IT")
    assert revealed.hide("s3://warehouse/shop") == "s3://warehouse/shop"
    assert revealed.hide("SEMBLANT_TEST_NAME_OF_IT") == "***"


def test_keys_inside_of_larger_secrets_are_hidden_by_themselves() -> None:
    revealed.note("AccountName=a;AccountKey=c29tZS1sb25nLWtleS1oZXJl;EndpointSuffix=x")
    revealed.note(json.dumps({"client_email": "robot@example.org", "private_key_id": "0123456789abcdef0123"}))
    assert revealed.hide("key c29tZS1sb25nLWtleS1oZXJl was refused for robot@example.org (0123456789abcdef0123)") == (
        "key *** was refused for robot@example.org (***)"
    )


def test_the_error_of_a_driver_is_cleaned_with_its_causes() -> None:
    secret = "".join(random.Random(5).choices(string.ascii_letters, k=20))
    revealed.note(secret)
    inner = ValueError(f"bad key {secret}")
    outer = OSError(5, f"could not sign with {secret}")
    outer.__cause__ = inner
    assert revealed.clean(outer) is outer
    assert secret not in f"{outer} {inner}"
    assert outer.args[0] == 5


def test_logs_of_jobs_hide_what_was_revealed_after_they_were_opened(tmp_path: Path) -> None:
    with job_log(tmp_path) as logger:
        revealed.note("late-secret-value")
        logger.info("signed in with late-secret-value", extra={"answer": "late-secret-value"})
        try:
            Path("/no/such/late-secret-value").read_text()
        except OSError:
            logging.getLogger("semblant.test").exception("failed")
    text = (tmp_path / "log.jsonl").read_text()
    assert "late-secret-value" not in text
    assert text.count("***") >= 3


def test_each_kind_of_reference_is_looked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEMBLANT_TEST_SECRET", " from the environment ")
    (tmp_path / "secret").write_text("from a file\n")
    assert Secret("env:SEMBLANT_TEST_SECRET").reveal() == " from the environment "
    assert Secret(f"file:{tmp_path / 'secret'}").reveal() == "from a file"


def test_the_keyring_is_asked_under_the_name_of_semblant(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = pytest.importorskip("keyring")
    monkeypatch.setattr(
        keyring, "get_password", lambda service, name: {("semblant", "lake"): "kept"}.get((service, name))
    )
    assert Secret("keyring:lake").reveal() == "kept"
    with pytest.raises(ConfigError, match="no entry 'sea'") as caught:
        Secret("keyring:sea").reveal()
    assert caught.value.fix == "keyring set semblant sea"


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("env:SEMBLANT_TEST_NOT_SET", "environment variable 'SEMBLANT_TEST_NOT_SET'"),
        ("file:/no/such/file", "'/no/such/file'"),
        ("hunter22hunter22", "a secret stands in the settings itself"),
    ],
)
def test_a_reference_that_leads_nowhere_is_named(reference: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        Secret(reference).reveal()
    assert caught.value.fix
    assert "hunter22" not in f"{caught.value} {Secret(reference)!r}"
