"""Compiling: beside other work where there are processors for it, and kept from one job to the next."""

from __future__ import annotations

import contextlib
import hashlib
import platform
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import jax

if TYPE_CHECKING:
    from collections.abc import Iterator

_T = TypeVar("_T")
Ahead = Callable[[Callable[[], Any]], Callable[[], Any]]
"""Begins some work and gives the function that waits for its result."""

_CPUINFO = Path("/proc/cpuinfo")
_MOST_BYTES = 512 * 2**20
"""Compiled programs that are kept; the oldest go first."""
_LLVM_LEVEL = 1
_LEAST_SECONDS = 0.3
"""What compiles faster is not kept."""


def compiled(function: Callable[..., Any], **options: Any) -> jax.stages.Wrapped:
    """Give ``jax.jit`` of a function that is run for seconds, not for hours: LLVM tries less hard.

    Its first level takes a quarter less processor time to compile than the default and gives programs that are as
    fast: these spend their time in products of matrices, which come from a library.
    """
    return jax.jit(function, compiler_options=_options(), **options)


def _options() -> dict[str, Any]:
    return {"xla_backend_optimization_level": _LLVM_LEVEL} if jax.default_backend() == "cpu" else {}


@contextlib.contextmanager
def compiling_ahead() -> Iterator[Ahead]:
    """Give a function that begins work in other threads; the end of the block waits for what was begun.

    XLA compiles without Python's lock, so a program is ready when it is needed. The process must not end while it
    compiles, therefore the wait, which is at most some seconds.
    """
    with ThreadPoolExecutor(2, thread_name_prefix="semblant-compile") as pool:

        def begin(work: Callable[[], _T]) -> Callable[[], _T]:
            return pool.submit(work).result

        try:
            yield begin
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def keep_compiled(cache: Path | None) -> None:
    """Let JAX keep its compiled programs below ``cache``, unless the user named a place or wants none.

    The folder's name holds what a compiled program depends on beside itself: the version of jaxlib and the
    processor. Half a gigabyte is kept.
    """
    placed, wanted = (
        getattr(jax.config, f"jax_{name}", None) for name in ("compilation_cache_dir", "enable_compilation_cache")
    )
    if cache is None or placed or not wanted:
        return
    folder = cache / f"jax-{metadata.version('jaxlib')}-{_processor()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _prune(folder)
    except OSError:
        return
    changes = {"jax_compilation_cache_dir": str(folder), "jax_persistent_cache_min_compile_time_secs": _LEAST_SECONDS}
    for name, value in changes.items():
        jax.config.update(name, value)  # type: ignore[no-untyped-call]


def _prune(folder: Path) -> None:
    """Remove the programs that were written longest ago, until what is left fits; and what a kill left empty."""
    entries = sorted((entry.stat().st_mtime, entry.stat().st_size, entry) for entry in folder.iterdir())
    total = sum(size for _, size, _ in entries)
    for _, size, entry in entries:
        if total > _MOST_BYTES or size == 0:
            entry.unlink(missing_ok=True)
            total -= size


def _processor() -> str:
    """Give a short name of the processor: what is compiled for one may stop another with an illegal instruction."""
    described = [platform.machine(), platform.processor()]
    with contextlib.suppress(OSError), _CPUINFO.open(encoding="utf-8", errors="replace") as stream:
        for line in stream:
            if line.startswith(("model name", "flags", "Features")):
                described.append(line)
            if not line.strip():
                break
    return hashlib.sha256("".join(described).encode()).hexdigest()[:12]
