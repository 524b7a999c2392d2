"""Keys as a graph: roots, parents, order, cycles."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from semblant.graph import SchemaGraph
from semblant.schema import ForeignKey, Schema, Table


def schema(**parents: str) -> Schema:
    """Make tables ``name="parent parent2"``."""
    return Schema(
        tables=[
            Table(name=name, columns=(), primary_key=("id",), foreign_keys=tuple(map(key_to, listed.split())))
            for name, listed in parents.items()
        ]
    )


def key_to(parent: str, *columns: str) -> ForeignKey:
    own = columns or (f"{parent}_id",)
    return ForeignKey(columns=own, references=parent, referenced_columns=own if columns else ("id",))


SHOP = schema(lines="orders products", orders="customers", products="categories", customers="", categories="")


def test_a_root_has_no_key_to_another_synthesized_table() -> None:
    assert SchemaGraph(SHOP, ["products", "categories"]).roots == ("customers",)
    assert SchemaGraph(SHOP).roots == ("customers", "categories")


def test_an_original_table_is_never_a_root() -> None:
    assert SchemaGraph(schema(a="", b="a"), ["a"]).roots == ("b",)
    assert SchemaGraph(schema(a="", b="a"), ["a", "b"]).roots == ()


def test_parents_come_first_and_the_rest_stays_in_place() -> None:
    assert SchemaGraph(SHOP).order == ("customers", "orders", "categories", "products", "lines")
    assert SchemaGraph(schema(b="", a="", c="")).order == ("b", "a", "c")


def test_parents_children_and_reach() -> None:
    graph = SchemaGraph(SHOP, ["products", "categories"])
    assert graph.parents("lines") == ("orders", "products")
    assert graph.synthesized_parents("lines") == ("orders",)
    assert graph.children("customers") == ("orders",)
    assert graph.ancestors("lines") == ("orders", "products", "customers", "categories")
    assert graph.descendants("customers") == ("orders", "lines")
    assert [str(reference) for reference in graph.inbound("orders")] == ["lines(orders_id) → orders(id)"]
    assert [graph.depth(name) for name in ("customers", "orders", "lines", "products")] == [0, 1, 2, 0]


def test_a_self_reference_makes_nobody_a_child() -> None:
    graph = SchemaGraph(schema(staff="staff"))
    assert graph.roots == ("staff",)
    assert graph.cycles == ()
    assert graph.children("staff") == ()
    assert len(graph.self_references("staff")) == 1
    assert graph.depth("staff") == 0


def test_a_cycle_names_its_tables_and_keys() -> None:
    graph = SchemaGraph(schema(x="a", a="b", b="c", c="a", d="c c"))
    (cycle,) = graph.cycles
    assert cycle.tables == ("a", "b", "c")
    assert [str(reference) for reference in cycle.references] == [
        "a(b_id) → b(id)",
        "b(c_id) → c(id)",
        "c(a_id) → a(id)",
    ]
    assert graph.roots == ()
    assert graph.order == ("a", "b", "c", "x", "d")
    assert graph.depth("x") == 1


def test_a_diamond_is_no_cycle_and_several_keys_to_one_parent_count_once() -> None:
    graph = SchemaGraph(schema(top="", left="top", right="top", bottom="left right", twice="top top"))
    assert graph.cycles == ()
    assert graph.depth("bottom") == 2
    assert graph.parents("twice") == ("top",)
    assert len(graph.foreign_keys("twice")) == 2


def test_a_composite_key_is_kept_whole() -> None:
    tables = schema(a="", b="")
    composite = Table(name="b", columns=(), foreign_keys=(key_to("a", "year", "number"),))
    graph = SchemaGraph(Schema(tables=(tables.table("a"), composite)))
    assert graph.inbound("a")[0].key.columns == ("year", "number")


def test_a_key_to_a_table_that_is_not_there_is_left_out() -> None:
    graph = SchemaGraph(schema(a="gone"))
    assert (graph.roots, graph.parents("a"), graph.foreign_keys("a")) == (("a",), (), ())


def test_a_chain_of_thousands_is_no_trouble() -> None:
    names = [f"t{n}" for n in range(3000)]
    chain = schema(**{name: names[n - 1] if n else "" for n, name in reversed(list(enumerate(names)))})
    begun = time.process_time()
    graph = SchemaGraph(chain)
    assert graph.order == tuple(names)
    assert graph.depth("t2999") == 2999
    assert time.process_time() - begun < 5


@given(st.lists(st.lists(st.integers(0, 11), max_size=3), min_size=1, max_size=12))
def test_order_roots_and_cycles_agree_for_any_schema(edges: list[list[int]]) -> None:
    names = [f"t{n}" for n in range(len(edges))]
    graph = SchemaGraph(
        schema(
            **{
                name: " ".join(names[to] for to in targets if to < len(names))
                for name, targets in zip(names, edges, strict=True)
            }
        )
    )
    assert sorted(graph.order) == sorted(names)
    in_cycle = {name for cycle in graph.cycles for name in cycle.tables}
    for name in names:
        for parent in graph.parents(name):
            together = any({name, parent} <= set(cycle.tables) for cycle in graph.cycles)
            assert together or graph.order.index(parent) < graph.order.index(name)
        assert (name in graph.ancestors(name)) is False
        looped = any(name in graph.parents(other) for other in (*graph.ancestors(name),) if other != name)
        assert looped == (name in in_cycle)
