"""Settings and descriptors compare, hash and show themselves as attrs would have made them."""

from __future__ import annotations

import attrs
import pytest

from semblant.host import PluginHost
from semblant.settings.secret import Secret
from semblant.settings.valued import Valued
from semblant_databases.settings import PostgresqlDestination, PostgresqlSource
from semblant_destinations.settings import FolderSettings
from semblant_sources.settings import FilesSettings


def as_attrs_would(made):
    """Give the same values in a class of the same name whose methods attrs wrote."""
    fields = {a.name: attrs.field(default=a.default, repr=a.repr, eq=a.eq) for a in attrs.fields(type(made))}
    twin = attrs.make_class(type(made).__name__, fields, frozen=True, kw_only=True)
    return twin(**{a.name: getattr(made, a.name) for a in attrs.fields(type(made))})


@pytest.mark.parametrize(
    "made",
    [
        PostgresqlSource(host="db", password=Secret("env:PASSWORD"), tables=("a",)),
        FolderSettings(path="out"),
        FilesSettings(path=("a.csv",)),
        *PluginHost(third_party=False).available("source")[:2],
    ],
    ids=lambda made: type(made).__name__,
)
def test_they_show_themselves_as_attrs_would_write_it(made):
    assert isinstance(made, Valued)
    assert repr(made) == repr(as_attrs_would(made))


def test_equal_are_those_of_one_class_with_equal_fields():
    one = FilesSettings(path=("a.csv",))
    assert one == FilesSettings(path=("a.csv",))
    assert one != FilesSettings(path=("b.csv",))
    assert one != "a.csv"
    assert PostgresqlSource(host="db") != PostgresqlDestination(host="db")
    assert len({FolderSettings(path="x"), FolderSettings(path="x"), FolderSettings(path="y")}) == 2
