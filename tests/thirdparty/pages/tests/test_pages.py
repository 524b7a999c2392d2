"""The source passes the kit, against a real service; and what the kit cannot know."""

from __future__ import annotations

import contextlib

import pytest
from semblant import Secret, SourceError
from semblant.testing.material import people, schema_of
from semblant_pages import PagesSettings
from semblant_pages.conformance import TestPages  # noqa: F401 - pytest collects it
from semblant_pages.source import PagesSource
from semblant_pages.standin import hold, running


@pytest.fixture(scope="module")
def server():
    with running() as service:
        yield service


def made(server, *, rows=50, demands="", **settings):
    tables = {"people": people(rows)}
    return PagesSource(PagesSettings(url=hold(server, tables, schema_of(tables), demands), **settings))


def test_a_page_is_one_request(server):
    source = made(server, page_rows=20)
    before = len(server.asked)

    assert [batch.num_rows for batch in source.read("people")] == [20, 20, 10]
    assert len(server.asked) - before == 1 + 3


def test_a_busy_service_is_asked_again(server):
    source = made(server)
    server.bad_days += [503, 429]

    assert source.count("people") == 50
    assert server.bad_days == []


def test_a_service_that_stays_busy_is_an_error(server):
    source = made(server, attempts=2)
    server.bad_days += [503] * 2

    with pytest.raises(SourceError, match="503"):
        source.count("people")


def test_the_token_opens_the_service_and_without_it_the_error_says_where_to_set_it(server, monkeypatch):
    monkeypatch.setenv("PAGES_TOKEN", "open-sesame-42")

    assert made(server, demands="open-sesame-42", token=Secret("env:PAGES_TOKEN")).count("people") == 50
    with pytest.raises(SourceError, match="401") as caught:
        made(server, demands="open-sesame-42").check()
    assert "token" in caught.value.fix


def test_nobody_at_home_is_an_error_with_advice(server):
    with running() as other:
        source = made(other)
    with contextlib.closing(source), pytest.raises(SourceError, match="cannot be reached") as caught:
        source.check()
    assert "network" in caught.value.fix
