"""What a source or destination lost in the middle is done again as a whole, when waiting may mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from semblant.errors import SemblantError
from semblant.retry import Retry

if TYPE_CHECKING:
    from collections.abc import Callable

    from semblant.run import Run

T = TypeVar("T")


def is_passing(error: BaseException) -> bool:
    """Tell whether an error says of itself that waiting may mend it.

    >>> is_passing(SemblantError("gone")), is_passing(OSError())
    (False, False)
    """
    return isinstance(error, SemblantError) and error.passing


def patiently(run: Run, work: Callable[[], T], what: str) -> T:
    """Do ``work`` until it ends well, fails for good, or has failed for now four times.

    ``work`` leaves nothing behind when it fails: a whole delivery, or the reading of all tables.
    """
    return Retry(transient=is_passing).within(run)(work, what)
