"""Measure, assert nothing: ``python -m tests.benchmarks NAME [argument ...]``; each module tells its own arguments."""

from __future__ import annotations

import importlib
import sys

BENCHMARKS = (
    "startup",
    "single",
    "tabular",
    "conditions",
    "constraints",
    "dates",
    "growth",
    "together",
    "marginal",
    "peers",
    "relational",
    "families",
    "pairs",
    "text",
    "report",
    "connectors",
    "progress",
    "private",
    "private_cost",
)


def main(arguments: list[str]) -> int:
    """Run the benchmark that is named with the arguments behind its name."""
    if not arguments or arguments[0] not in BENCHMARKS:
        wrong = f"there is no benchmark '{arguments[0]}'; " if arguments else ""
        print(f"{wrong}name one: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    importlib.import_module(f"tests.benchmarks.{arguments[0]}").run(arguments[1:])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
