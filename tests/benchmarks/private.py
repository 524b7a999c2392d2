"""Private training beside others: ``private adult --epsilon 1 4 0.1 --seeds 3``; scores need ``SEMBLANT_RIG``.

Each system is given epsilon and delta = 1 / (10 N) and is stopped after 20 minutes. What of a system is private is said
beside it: only ours, and those that take bounds and categories as public facts, are private from end to end.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from tests.benchmarks.peers.splits import names, split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.benchmarks.peers.splits import DataSplit

_MINUTES = 20.0
_PROGRAM = Path(__file__).parent / "peers" / "programs" / "private_peers.py"


@frozen(kw_only=True)
class System:
    """One system: ours by its backend, or a peer by the package that it needs."""

    name: str
    backend: str = ""
    package: str = ""
    covers: str = "everything"


SYSTEMS = (
    System(name="semblant", backend="auto"),
    System(name="semblant dp-sgd", backend="column-ar"),
    System(name="semblant dp-marginal", backend="dp-marginal"),
    System(name="smartnoise mst", package="snsynth", covers="bounds and categories are given"),
    System(name="smartnoise aim", package="snsynth", covers="bounds and categories are given"),
    System(name="dpmm mst", package="dpmm", covers="bounds and categories are given"),
    System(name="mostlyai", package="mostlyai.engine", covers="training alone"),
)


def run(arguments: Sequence[str]) -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="private", description=__doc__)
    parser.add_argument("data", choices=names())
    parser.add_argument("--epsilon", type=float, nargs="+", default=[1.0, 4.0, 0.1])
    parser.add_argument("--seeds", type=int, default=3, help="runs of each; private runs draw their own entropy")
    parser.add_argument("--systems", nargs="+", default=[system.name for system in SYSTEMS])
    parser.add_argument(
        "--peers",
        type=Path,
        nargs="+",
        default=[],
        help="Pythons of environments; a peer runs in the first that has it",
    )
    parser.add_argument("--minutes", type=float, default=_MINUTES, help="after which a system is stopped")
    parser.add_argument("--out", type=Path, help="folder where the data stay, and results.jsonl")
    asked = parser.parse_args(arguments)
    folder = asked.out or Path(tempfile.mkdtemp(prefix="private-"))
    folder.mkdir(parents=True, exist_ok=True)
    data = split(asked.data, folder)
    heads = ("epsilon", "run", "seconds", "accuracy", "2-way", "C2ST", "AUROC")
    print(f"{'system':22} " + " ".join(f"{head:>8}" for head in heads))
    for epsilon in asked.epsilon:
        for system in SYSTEMS:
            if system.name not in asked.systems:
                continue
            for number in range(asked.seeds):
                made = folder / f"{system.name.replace(' ', '-')}-{epsilon:g}-{number}.parquet"
                found = {"system": system.name, "epsilon": epsilon, "run": number} | _made(
                    system, data, epsilon, made, _home_of(system, asked.peers), asked.minutes
                )
                found |= _scores(data, made) if made.is_file() else {}
                with (folder / "results.jsonl").open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps(found) + "\n")
                print(_line(found), flush=True)
                if found.get("note") and not made.is_file():
                    break


def _line(found: dict[str, Any]) -> str:
    figures = [found.get(name) for name in ("accuracy", "two_way", "c2st", "auroc")]
    words = [f"{value:.4f}" if isinstance(value, float) else "–" for value in figures]
    numbers = [f"{found['epsilon']:g}", str(found["run"]), f"{found.get('seconds', 0):.1f}", *words]
    return f"{found['system']:22} " + " ".join(f"{word:>8}" for word in numbers) + f"  {found.get('note', '')}"


def _home_of(system: System, peers: Sequence[Path]) -> Path | None:
    """Give the environment that a peer is installed in."""
    for python in peers if system.package else ():
        found = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({system.package!r}) is None)"
        if subprocess.run([str(python), "-c", found], capture_output=True, check=False).returncode == 0:
            return python
    return None


def _made(
    system: System, data: DataSplit, epsilon: float, out: Path, peers: Path | None, minutes: float
) -> dict[str, Any]:
    started = time.monotonic()
    if system.backend:
        home = tempfile.mkdtemp(prefix="home-")
        target = out.with_suffix("")
        command = [sys.executable, "-m", "semblant", "run", str(data.train), "--epsilon", str(epsilon), "--no-report"]
        command += ["--set", f"model.backend={system.backend}", "-o", str(target), "-n", str(data.rows), "--overwrite"]
        environment = {**os.environ, "SEMBLANT_HOME": home}
    else:
        if peers is None:
            return {"note": f"not measured: no environment of --peers has {system.package}"}
        command = [str(peers), str(_PROGRAM), system.name, "--train", str(data.train), "--out", str(out)]
        command += ["--epsilon", str(epsilon), "--rows", str(data.rows)]
        environment = dict(os.environ)
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60 * minutes, env=environment, check=False
        )
    except subprocess.TimeoutExpired:
        return {"seconds": time.monotonic() - started, "note": f"stopped after {minutes:g} minutes"}
    seconds = time.monotonic() - started
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["?"]
        told = next((line for line in said if line.startswith("error")), said[-1])  # ours ends with whom to ask
        return {"seconds": seconds, "note": f"failed: {told[:200]}"}
    if system.backend:
        (found,) = out.with_suffix("").glob("*.parquet")
        found.rename(out)
    return {"seconds": seconds, "note": "" if system.covers == "everything" else f"private: {system.covers}"}


def _scores(data: DataSplit, made: Path) -> dict[str, float]:
    rig = os.environ.get("SEMBLANT_RIG")
    if not rig:
        return {}
    command = [*shlex.split(rig), "--train", str(data.train), "--holdout", str(data.holdout), "--syn", str(made)]
    command += ["--parts", "acc,c2st,mle", "--target", data.target, "--task", data.task]
    done = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    accuracy = done["accuracy"]["syn_vs_train"]
    found = {
        "accuracy": float(accuracy["overall"]),
        "two_way": 1.0 - float(accuracy["bivariate"]),
        "c2st": float(done["c2st"]["xgb_auc_train"]),
    }
    auc = ((done.get("mle") or {}).get("syn") or {}).get("auc")
    return found if auc is None else {**found, "auroc": float(auc)}
