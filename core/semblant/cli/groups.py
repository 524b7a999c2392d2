"""Commands with commands below them: ``semblant jobs list``; a module is imported when its command is called."""

from __future__ import annotations

import difflib
import importlib
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping


class Group(click.Group):
    """A group whose members are named by module, function and one line of help.

    :param members: per command the module of :mod:`semblant.cli.commands` that has it, and its help.
    :param default: the command that is meant where none is named; without one the help is shown.
    """

    def __init__(self, name: str, text: str, members: Mapping[str, tuple[str, str]], default: str = "") -> None:
        """Keep the members; none is imported."""
        as_with_commands: list[click.Parameter] = [
            click.Option(["--json"], is_flag=True, expose_value=False, help="As with the commands: one JSON document."),
            click.Option(["-v", "--verbose"], count=True, expose_value=False, help="As with the commands: say more."),
        ]
        super().__init__(name, help=text, short_help=text.splitlines()[0], params=as_with_commands)
        self.lazy = dict(members)
        self.default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default command where none is named."""
        named = any(word in self.lazy or not word.startswith("-") for word in args[:1])
        if self.default and not named and not {"-h", "--help"} & set(args):
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names in their order."""
        return list(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command."""
        if cmd_name not in self.lazy:
            return None
        module = importlib.import_module(f"semblant.cli.commands.{self.lazy[cmd_name][0]}")
        found: Any = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        assert isinstance(found, click.Command)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; one that is not there gets a hint at what was probably meant."""
        if args and not args[0].startswith("-") and args[0] not in self.lazy:
            near = difflib.get_close_matches(args[0], self.lazy, n=1)
            meant = f"did you mean 'semblant {self.name} {near[0]}'?" if near else f"see 'semblant {self.name} --help'"
            ctx.meta["semblant.hint"] = meant
            msg = f"there is no command '{self.name} {args[0][:60]}'"
            raise click.UsageError(msg, ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self.lazy.items()])
