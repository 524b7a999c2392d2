"""Several readings at once over one connection that can only stream one result: the waiting one is set aside."""

from __future__ import annotations

import tempfile
import threading
from typing import IO, TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class OneAtATime:
    """Lets one result stream at a time; a statement that comes between puts the rest of it into a file first."""

    def __init__(self) -> None:
        """Nothing streams yet."""
        self.lock = threading.RLock()
        self._running: _Stream | None = None

    def settle(self) -> None:
        """Free the connection for another statement; call it, and run that statement, under :attr:`lock`."""
        running, self._running = self._running, None
        if running is not None:
            running.set_aside()

    def stream(self, start: Callable[[], Iterator[list[pa.Array]]]) -> Iterator[list[pa.Array]]:
        """Run ``start`` and give what it gives, whatever else is asked of the connection meanwhile."""
        with self.lock:
            self.settle()
            stream = self._running = _Stream(start())
        try:
            while True:
                with self.lock:
                    found = stream.next()
                    if found is None:
                        break
                yield found
        finally:
            with self.lock:
                if self._running is stream:
                    self._running = None
                stream.close()


class _Stream:
    """A result on its way, or what is left of it in a file."""

    def __init__(self, source: Iterator[list[pa.Array]]) -> None:
        self._source: Iterator[list[pa.Array]] | None = source
        self._kept: Iterator[list[pa.Array]] | None = None
        self._file: IO[bytes] | None = None

    def next(self) -> list[pa.Array] | None:
        batches = self._kept if self._source is None else self._source
        return next(batches, None) if batches is not None else None

    def set_aside(self) -> None:
        """Read all that is left into a file that goes with the reading."""
        source, self._source = self._source, None
        first = next(source, None) if source is not None else None
        if source is None or first is None:
            return
        file = self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the reading
        schema = pa.schema([pa.field(str(place), values.type) for place, values in enumerate(first)])
        with pa.ipc.new_stream(file, schema) as writer:
            while first is not None:
                writer.write_batch(pa.RecordBatch.from_arrays(first, schema=schema))
                first = next(source, None)
        file.seek(0)
        self._kept = (batch.columns for batch in pa.ipc.open_stream(file))

    def close(self) -> None:
        source, self._source = self._source, None
        close = getattr(source, "close", None)
        if close is not None:
            close()
        self._kept = None
        if self._file is not None:
            self._file.close()
