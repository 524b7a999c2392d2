"""The program ``semblant``: finds the command, calls it, and turns what it raises into an exit status.

Nothing heavy is imported here, and a command's module only when it is called.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from semblant.cli.session import OutputClosedError, Session

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS: Final = {
    "demo": "Make a small shop's data and synthesize it: the first thing to try.",
    "run": "Learn a file or spec, make synthetic data, write a report.",
    "train": "Learn a file or spec and keep the generator.",
    "generate": "Make synthetic data with a generator.",
    "impute": "Fill the missing cells of a file with a generator.",
    "score": "Tell how probable rows are under a generator.",
    "report": "Compare synthetic with original data, whoever made them.",
    "preview": "Show the first rows of a source.",
    "detect": "Show what is found out about the data; write a spec to edit.",
    "check": "Check a spec against its data; say everything that is wrong.",
    "plan": "Show what would be read, trained, generated and written.",
    "jobs": "Look at jobs, cancel, resume, download or delete them.",
    "generators": "List generators, export, import or delete them.",
    "connectors": "Save sources and destinations under a name, try them out, use them in specs.",
    "catalogs": "Save specs under a name, and run them again.",
    "worker": "Do the jobs that wait, until it is ended.",
    "privacy": "Show what private jobs have spent on each source.",
    "quota": "Show what may be used and what is; set limits.",
    "plugins": "List what is installed and what is missing; write a plugin, check one.",
    "schema": "Print the JSON Schema of the spec, for editors.",
    "doctor": "Check this machine and installation; say how to mend it.",
    "help": "Explain what went wrong, by its code, and say where to ask.",
    "version": "Show the version.",
}
"""Every command and its one line of help; each is a module of :mod:`semblant.cli.commands`."""


_HELP: Final = """Learn tables, make synthetic data with the same statistics and none of the real people.

\b
Start here:
  semblant demo
  semblant run customers.csv --records 1000 -o out/
"""  # the sign \\b keeps click from filling the lines below it


class Program(click.Group):
    """Imports a command when it is called, and shows every failure in the same way."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names, in the order in which one meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module."""
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = importlib.import_module(f"semblant.cli.commands.{cmd_name}").command
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; one that is not there gets a hint at what was probably meant."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            ctx.meta["semblant.hint"] = _meant(args[0])
            msg = f"there is no command '{_short(args[0])}'"
            raise click.UsageError(msg, ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> NoReturn:
        """Run and end the process with the right status, never with a traceback."""
        arguments = list(sys.argv[1:] if args is None else args)
        session = extra.pop("obj", None) or Session()
        session.as_json = session.as_json or "--json" in _options(arguments)
        session.verbosity = max(session.verbosity, _verbosity(arguments))
        session.arguments = arguments
        session.command = _command(arguments)
        try:
            code = super().main(
                arguments,
                prog_name or "semblant",
                complete_var,
                standalone_mode=False,
                windows_expand_args=windows_expand_args,
                obj=session,
                **extra,
            )
            sys.stdout.flush()
        except OutputClosedError:
            code = _closed()
        except SystemExit as error:
            code = 0 if type(sys.stdout).__name__ == "PacifyFlushWrapper" else error.code
        except BaseException as error:  # noqa: BLE001 - the one place where everything ends
            code = _failed(error, session)
        status = code if isinstance(code, int) else 0
        if session.hurried:
            # a compilation that still runs in another thread crashes when Python takes itself apart
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
        sys.exit(status)


def _command(arguments: Sequence[str]) -> str:
    first = next((word for word in arguments if not word.startswith("-")), "")
    return f"semblant {first}" if first in COMMANDS else "semblant"


def _options(arguments: Sequence[str]) -> list[str]:
    """Give what stands before a lone ``--``."""
    return list(arguments[: arguments.index("--")]) if "--" in arguments else list(arguments)


def _verbosity(arguments: Sequence[str]) -> int:
    return sum(2 if word == "-vv" else 1 for word in _options(arguments) if word in {"-v", "-vv", "--verbose"})


def _short(word: str) -> str:
    from semblant.visible import visible

    return visible(word, limit=60)


def _meant(word: str) -> str:
    import difflib
    import shlex
    from pathlib import Path

    from semblant.visible import visible

    if Path(word).exists() or "://" in word:
        return f"to synthesize it: semblant run {shlex.quote(visible(word))}"
    close = difflib.get_close_matches(word, COMMANDS, n=1)
    return f"did you mean 'semblant {close[0]}'?" if close else "'semblant --help' lists the commands"


def _closed() -> int:
    # Python flushes standard output again at exit, and would complain
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _failed(error: BaseException, session: Session) -> int:
    from semblant.cli.failures import report

    try:
        return report(error, session)
    except OutputClosedError:
        return _closed() or 4


def _allow(variable: str, value: str) -> None:
    # by the environment, so that the processes that do the work load the same plugins
    if value:
        os.environ[variable] = value


@click.group(
    cls=Program, help=_HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option("--json", is_flag=True, expose_value=False, help="As with the commands: one JSON document.")
@click.option("-v", "--verbose", count=True, expose_value=False, help="As with the commands: say more.")
@click.option(
    "--no-third-party",
    is_flag=True,
    expose_value=False,
    callback=lambda _ctx, _option, value: _allow("SEMBLANT_NO_THIRD_PARTY", "1" if value else ""),
    help="Load the plugins of Semblant itself only.",
)
@click.option(
    "--allow-plugins",
    metavar="NAMES",
    expose_value=False,
    callback=lambda _ctx, _option, value: _allow("SEMBLANT_ALLOWED_PLUGINS", value or ""),
    help="Load only these plugins or distributions of others, with commas between them.",
)
@click.version_option(package_name="semblant", message="semblant %(version)s")
def program() -> None:
    """Be the group of all commands."""


def main() -> NoReturn:
    """Be the program; the entry point of the installed script."""
    program.main()
