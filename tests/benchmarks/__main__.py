"""Measure, assert nothing: ``python -m tests.benchmarks startup|single|tabular|relational [NAME ...]``."""

from __future__ import annotations

import sys

from tests.benchmarks import relational, single, startup, tabular

BENCHMARKS = {
    "startup": startup.run,
    "single": single.run,
    "tabular": tabular.run,
    "relational": relational.run,
}


def main(arguments: list[str]) -> int:
    """Run the benchmark that is named, all when none is."""
    if arguments and arguments[0] not in BENCHMARKS:
        print(f"there is no benchmark '{arguments[0]}'; there are: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    for name, run in BENCHMARKS.items():
        if not arguments or arguments[0] == name:
            run(arguments[1:])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
