"""``semblant connectors create``, ``edit`` and ``delete``."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import click

from semblant.cli.options import command as make
from semblant.cli.show.connectors import connector_document
from semblant.cli.storing import opened
from semblant.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from semblant.cli.session import Session
    from semblant.host import PluginHost
    from semblant.store.connectors import Connector


def _settings(settings: dict[str, Any], assignments: Sequence[str]) -> dict[str, Any]:
    """Put ``KEY=VALUE`` into settings; a value null takes the key out."""
    from semblant.spec.overrides import Override, merge, parse

    made = copy.deepcopy(settings)
    found = []
    for text in assignments:
        override = parse(text)
        fault = merge(made, override) if isinstance(override, Override) else override
        if fault is not None:
            found.append(fault)
    if found:
        msg = "the settings of the connector cannot be read"
        raise ConfigError(msg, findings=found)
    return {key: value for key, value in made.items() if value is not None}


def _of_location(host: PluginHost, type_name: str | None, location: str | None) -> tuple[str, dict[str, Any]]:
    """Give type and settings of what was named: a location, a type, or both."""
    from semblant.cli.target import absolute
    from semblant.errors import PluginError

    if location is None:
        if type_name is None:
            msg = "name a LOCATION, or the type with --type"
            raise click.UsageError(msg)
        return type_name, {}
    location = absolute(location)
    if type_name is not None:
        found: Any = host.sources.get(type_name) or host.destinations.get(type_name)
        return type_name, {"path": location} if found is None else host.settings_of(found, location)
    try:
        component, settings = host.for_location("source", location)
    except PluginError:
        other, settings = host.for_location("destination", location)
        return other.name, settings
    return component.name, settings


@make("create", "Save a source or destination under a name.")
@click.argument("name")
@click.argument("location", required=False)
@click.option("--type", "type_name", metavar="TYPE", help="A source or destination of 'semblant plugins'.")
@click.option(
    "--set",
    "assignments",
    metavar="KEY=VALUE",
    multiple=True,
    help="A setting, for example --set access_key=env:S3_KEY; may be repeated.",
)
def create_command(
    session: Session, *, name: str, location: str | None, type_name: str | None, assignments: tuple[str, ...]
) -> None:
    """Save a connector: s3://bucket/prefix, postgresql://host/database, a folder, or a --type with its settings.

    Secrets are references: env:NAME, file:/path or keyring:NAME. Their values are kept nowhere.
    """
    from semblant.connectors.checking import checked
    from semblant.spec.names import NAME_RULE, name_problem

    problem = name_problem(name)
    if problem is not None:
        msg = f"the name '{name}' cannot be used: {problem}"
        raise ConfigError(msg, fix=NAME_RULE)
    with session.engine() as engine, opened(session) as (store, _):
        kind, settings = _of_location(engine.host, type_name, location)
        settings = _settings(settings, assignments)
        used_as = checked(engine.host, kind, settings)
        found = store.connectors.create(name, type=kind, settings=settings, kind=used_as)
    _saved(session, found)


@make("edit", "Change settings of a connector.")
@click.argument("name")
@click.option(
    "--set",
    "assignments",
    metavar="KEY=VALUE",
    multiple=True,
    help="A setting, for example --set path=s3://other; null takes it out; may be repeated.",
)
@click.option("--name", "new_name", metavar="NAME", help="Another name.")
def edit_command(session: Session, *, name: str, assignments: tuple[str, ...], new_name: str | None) -> None:
    """Change a connector; specs and jobs that were made with it stay as they are."""
    from semblant.connectors.checking import checked
    from semblant.spec.names import NAME_RULE, name_problem

    problem = name_problem(new_name) if new_name is not None else None
    if problem is not None:
        msg = f"the name '{new_name}' cannot be used: {problem}"
        raise ConfigError(msg, fix=NAME_RULE)
    with session.engine() as engine, opened(session) as (store, _):
        before = store.connectors.get(name)
        settings = _settings(dict(before.settings), assignments)
        used_as = checked(engine.host, before.type, settings)
        found = store.connectors.update(name, new_name=new_name, settings=settings, kind=used_as)
    _saved(session, found)


@make("delete", "Delete a connector; specs that were loaded with it stay.")
@click.argument("name")
def delete_command(session: Session, *, name: str) -> None:
    """Delete a connector; the data behind it and jobs that used it stay."""
    with opened(session) as (store, _):
        store.connectors.delete(name)
    if session.as_json:
        session.document({"deleted": name})
        return
    session.say(f"connector {name} is deleted")


def _saved(session: Session, connector: Connector) -> None:
    if session.as_json:
        session.document(connector_document(connector))
        return
    from semblant.cli.show.text import command_line

    session.say(
        f"connector {connector.name} is saved ({connector.type}); try it out with",
        command_line("connectors", "test", connector.name),
    )
