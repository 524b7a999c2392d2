"""What several keys to synthesized tables are for: one leads to the parent, others are matched; the spec decides."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from semblant.relations import LinkKind, links_of, with_parents
from semblant.schema import Column, ForeignKey, Schema, Table


def key(column: str, references: str, **more: Any) -> ForeignKey:
    return ForeignKey(columns=(column,), references=references, referenced_columns=("id",), **more)


def kinds(*keys: ForeignKey, name: str = "transfer") -> dict[str, LinkKind]:
    columns = tuple(Column(name=n, type=pa.int64()) for n in ("id", *(k.columns[0] for k in keys)))
    transfer = Table(name=name, columns=columns, primary_key=("id",), foreign_keys=keys)
    person = Table(name="person", columns=columns[:1], primary_key=("id",))
    account = Table(
        name="account",
        columns=(*columns[:1], Column(name="person", type=pa.int64())),
        primary_key=("id",),
        foreign_keys=(key("person", "person"),),
    )
    schema = with_parents(Schema(tables=(person, account, transfer)), ())
    return {link.key.columns[0]: link.kind for link in links_of(schema.table(name), ())}


@pytest.mark.feature(201)
@pytest.mark.parametrize(
    ("keys", "parent"),
    [
        ((key("sender", "account"), key("receiver", "account")), "sender"),
        ((key("sender", "account", matched=True), key("receiver", "account")), "receiver"),
        ((key("sender", "account"), key("owner", "person")), "sender"),
        ((key("sender", "account", matched=True), key("owner", "person")), "owner"),
    ],
    ids=["two keys to one parent", "the first one matched", "child to grandparent", "the other way"],
)
def test_one_key_leads_to_the_parent_and_match_in_the_spec_chooses_which(
    keys: tuple[ForeignKey, ...], parent: str
) -> None:
    found = kinds(*keys)
    assert found.pop(parent) is LinkKind.PARENT
    assert set(found.values()) == {LinkKind.MATCH}


@pytest.mark.feature(201)
def test_the_table_whose_part_a_row_is_by_name_is_its_parent() -> None:
    assert kinds(key("owner", "person"), key("account", "account"), name="account_entry")["account"] is LinkKind.PARENT
    assert kinds(key("owner", "person"), key("account", "account"), name="entry")["owner"] is LinkKind.PARENT


@pytest.mark.feature(202)
def test_a_key_to_its_own_table_makes_no_row_a_child() -> None:
    assert kinds(key("next", "transfer"), key("sender", "account")) == {
        "next": LinkKind.SELF,
        "sender": LinkKind.PARENT,
    }
