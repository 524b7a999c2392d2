"""``semblant catalogs list``, ``create``, ``show``, ``edit`` and ``delete``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from semblant.cli.options import command as make
from semblant.cli.options import settings
from semblant.cli.storing import iso, moment, opened
from semblant.errors import ConfigError

if TYPE_CHECKING:
    from semblant.cli.session import Session
    from semblant.engine import Engine
    from semblant.spec.model import Spec
    from semblant.store.catalogs import Catalog


def _document(catalog: Catalog) -> dict[str, Any]:
    return {
        "name": catalog.name,
        "note": catalog.note,
        "owner": catalog.owner,
        "created": iso(catalog.created),
        "changed": iso(catalog.changed),
        "spec": catalog.spec,
    }


def _checked(engine: Engine, spec: Spec) -> dict[str, Any]:
    """Give the text of a spec that its validators accept, and what its source holds; others are not saved."""
    from semblant.drift import facts
    from semblant.spec.write import spec_text

    plan = engine.plan(spec)
    if plan.errors:
        msg = f"the configuration has {len(plan.errors)} fault{'s' if len(plan.errors) > 1 else ''}; nothing was saved"
        raise ConfigError(msg, findings=plan.errors)
    return {"spec": spec_text(spec), "tables": facts(plan.schema)}


@make("list", "List the catalogs.")
def list_command(session: Session) -> None:
    """List the catalogs by name."""
    with opened(session) as (store, _):
        found = store.catalogs.list()
    if session.as_json:
        session.document([_document(catalog) for catalog in found])
        return
    from semblant.cli.show.jobs import grid

    if not found:
        session.say("there are no catalogs; 'semblant catalogs create NAME DATA' makes one")
        return
    rows = [(catalog.name, catalog.owner, moment(catalog.changed), catalog.note) for catalog in found]
    session.say(grid(("name", "owner", "changed", "note"), rows))


@make("create", "Save a spec, or what is found out about data, under a name.")
@click.argument("name")
@click.argument("target", metavar="SPEC|DATA")
@click.option("--note", default="", metavar="TEXT", help="What it is for.")
@settings
def create_command(session: Session, *, name: str, target: str, note: str, assignments: tuple[str, ...]) -> None:
    """Save a catalog: the template of jobs that 'semblant catalogs run NAME' makes."""
    from semblant.cli.target import spec_of
    from semblant.spec.names import NAME_RULE, name_problem

    problem = name_problem(name)
    if problem is not None:
        msg = f"the name '{name}' cannot be used: {problem}"
        raise ConfigError(msg, fix=NAME_RULE)
    with session.engine() as engine, opened(session) as (store, _):
        found = store.catalogs.create(name, note=note, **_checked(engine, spec_of(engine, target, assignments)))
    _saved(session, found)


@make("show", "Print the spec of a catalog.")
@click.argument("name")
def show_command(session: Session, *, name: str) -> None:
    """Print the spec of a catalog, as YAML that can be edited and run."""
    with opened(session) as (store, _):
        found = store.catalogs.get(name)
    if session.as_json:
        session.document(_document(found))
        return
    session.say(found.spec.rstrip())


@make("edit", "Change settings of a catalog, or put another spec in its place.")
@click.argument("name")
@click.option("--spec", "target", metavar="SPEC|DATA", help="Another spec in its place.")
@click.option("--name", "new_name", metavar="NAME", help="Another name.")
@click.option("--note", metavar="TEXT", help="What it is for.")
@click.option("--accept", is_flag=True, help="Take over what has changed in the source since it was saved.")
@settings
def edit_command(
    session: Session,
    *,
    name: str,
    target: str | None,
    new_name: str | None,
    note: str | None,
    accept: bool,
    assignments: tuple[str, ...],
) -> None:
    """Change a catalog, for example --set model.size=small; jobs that were made from it stay as they are."""
    from semblant.cli.target import spec_of

    with session.engine() as engine, opened(session) as (store, _):
        spec = None
        if target is not None:
            spec = spec_of(engine, target, assignments)
        elif assignments or accept:
            spec = engine.load(store.catalogs.get(name).spec, assignments)
        checked = {} if spec is None else _checked(engine, spec)
        found = store.catalogs.update(name, new_name=new_name, note=note, **checked)
    _saved(session, found)


@make("delete", "Delete a catalog; its jobs stay.")
@click.argument("name")
def delete_command(session: Session, *, name: str) -> None:
    """Delete a catalog; jobs, generators and data that came from it stay."""
    with opened(session) as (store, _):
        store.catalogs.delete(name)
    if session.as_json:
        session.document({"deleted": name})
        return
    session.say(f"catalog {name} is deleted")


def _saved(session: Session, catalog: Catalog) -> None:
    if session.as_json:
        session.document(_document(catalog))
        return
    from semblant.cli.show.text import command_line

    session.say(f"catalog {catalog.name} is saved", command_line("catalogs", "run", catalog.name))
