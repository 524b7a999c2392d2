"""Options and arguments that several commands share; this module imports click alone."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from semblant.cli.session import Session
from semblant.errors import SemblantError

if TYPE_CHECKING:
    from collections.abc import Callable

    F = TypeVar("F", bound=Callable[..., Any])


class ConnectionLostError(SemblantError):
    """A peer closed a connection that was being used."""

    code = "connection"
    exit_code = 3


def _shared() -> list[click.Parameter]:
    return [
        click.Option(["--json", "as_json"], is_flag=True, help="Write one JSON document to standard output."),
        click.Option(
            ["-v", "--verbose", "verbosity"], count=True, help="Say more: the log as well; -vv tracebacks, too."
        ),
    ]


def command(name: str, summary: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a command that takes the session first, with ``--json`` and ``-v``.

    The docstring of the function is what ``semblant NAME --help`` says below ``summary``.
    """

    def make(function: Callable[..., Any]) -> click.Command:
        @functools.wraps(function)
        def call(*args: Any, as_json: bool, verbosity: int, **options: Any) -> Any:
            session = click.get_current_context().find_object(Session) or Session()
            session.as_json = session.as_json or as_json
            session.verbosity = max(session.verbosity, verbosity)
            try:
                with session.showing_log():
                    return function(session, *args, **options)
            except BrokenPipeError as exc:
                # click takes this for a reader of ours that went away, and would end in silence
                msg = "the connection was closed by the other side"
                raise ConnectionLostError(
                    msg, fix="try again; if it happens again, look at the log of the other side"
                ) from exc

        # click reverses the list: what stands first in it comes last in the help
        own = vars(call).get("__click_params__", [])
        vars(call)["__click_params__"] = [*reversed(_shared()), *own]
        return click.command(name, short_help=summary)(call)

    return make


class OutPath(click.Path):
    """A file or folder for results; one below what is no folder is refused before a job begins.

    >>> OutPath(file_okay=False).convert('results', None, None).name
    'results'
    """

    def __init__(self, *, file_okay: bool = True, dir_okay: bool = True) -> None:
        """Say whether it may be a file, or a folder."""
        super().__init__(file_okay=file_okay, dir_okay=dir_okay, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Give the path."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        nearest = next((parent for parent in path.parents if parent.exists()), None)
        if nearest is not None and not nearest.is_dir():
            self.fail(f"'{nearest}' is a file and not a folder; name another place", param, ctx)
        return path


def spec_or_data(function: F) -> F:
    """Take a spec file, or data: a file, folder, glob or URL."""
    return click.argument("target", metavar="SPEC|DATA")(function)


def settings(function: F) -> F:
    """Take ``--set a.b=c``, as often as wanted."""
    return click.option(
        "--set",
        "assignments",
        metavar="A.B=C",
        multiple=True,
        help="Set anything of the spec, for example --set model.max_epochs=20; may be repeated.",
    )(function)


def training(function: F) -> F:
    """Take what decides how a generator is trained."""
    options: tuple[Callable[[F], F], ...] = (
        click.option(
            "--name",
            metavar="NAME",
            help="Name of the job and its generator; a readable one is made when there is none.",
        ),
        click.option(
            "--seed", type=click.IntRange(min=0), help="Random seed: the same seed, spec and data give the same rows."
        ),
        click.option(
            "--goal", type=click.Choice(["accuracy", "speed"]), help="What training favours.  [default: accuracy]"
        ),
        click.option(
            "--size", type=click.Choice(["small", "medium", "large"]), help="Capacity of the model.  [default: medium]"
        ),
        click.option(
            "--holdout",
            metavar="FILE|SHARE",
            help="Rows that the report compares with: a file never trained on, or a share (0 to 0.5) kept back.",
        ),
        click.option(
            "--epsilon",
            type=float,
            metavar="X",
            help="Train with differential privacy: at most 1 is strong protection, at most 10 medium, above weak.",
        ),
        click.option("--resume", metavar="NAME", help="Go on with a job that was interrupted."),
    )
    for option in reversed(options):
        function = option(function)
    return function


def queue(function: F) -> F:
    """Take ``--queue``: the job is left to a worker."""
    return click.option("--queue", is_flag=True, help="Leave the job to 'semblant worker' and end at once.")(function)


def file_format(function: F) -> F:
    """Take the format of the tables that are written."""
    return click.option(
        "--format",
        "file_format",
        type=click.Choice(["parquet", "csv"]),
        default="parquet",
        show_default=True,
        help="Format of the tables written.",
    )(function)
