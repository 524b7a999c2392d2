"""Noise: the right distribution, never twice the same, keyed by the operating system (P3, P4)."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from semblant_models import privacy
from semblant_models.privacy.noise import KEY_BYTES, NoiseStream

PACKAGE = Path(str(privacy.__file__)).parent
ALPHA = 1e-6
COUNT = 1_000_000
KEY = bytes(range(KEY_BYTES))


def test_a_million_gaussians_have_the_scale_the_shape_and_no_memory() -> None:
    drawn = NoiseStream().gaussian(3.0, (COUNT,))
    assert abs(drawn.std() / 3.0 - 1) < 0.005
    assert stats.kstest(drawn[:200_000] / 3.0, "norm").pvalue > ALPHA
    assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 5.5 / np.sqrt(COUNT)
    assert np.abs(drawn).max() > 3.0 * 4.2, "the tail is missing"
    assert len(np.unique(drawn)) > COUNT - 5, "float32 would repeat many values"


@pytest.mark.parametrize(
    ("name", "distribution"), [("laplace", stats.laplace(scale=2.0)), ("gumbel", stats.gumbel_r(scale=2.0))]
)
def test_laplace_and_gumbel_noise_have_their_distribution(name: str, distribution: stats.rv_frozen) -> None:
    drawn = getattr(NoiseStream(), name)(2.0, (200_000,))
    assert stats.kstest(drawn, distribution.cdf).pvalue > ALPHA


def test_uniform_numbers_meet_neither_end() -> None:
    drawn = NoiseStream().uniform((COUNT,))
    assert drawn.min() > 0
    assert drawn.max() < 1
    assert stats.kstest(drawn[:200_000], "uniform").pvalue > ALPHA


def test_batches_are_poisson_batches() -> None:
    rows, rate, steps = 500, 0.1, 2_000
    noise = NoiseStream()
    hits = np.zeros(rows, int)
    sizes = []
    for _ in range(steps):
        batch = noise.poisson_batch(rows, rate)
        hits[batch] += 1
        sizes.append(len(batch))
    edges = stats.binom(rows, rate).ppf(np.linspace(0, 1, 11)[1:-1])
    found = np.bincount(np.searchsorted(edges, sizes, side="left"), minlength=10)
    chances = np.diff([0.0, *stats.binom(rows, rate).cdf(edges), 1.0])
    assert stats.chisquare(found, steps * chances).pvalue > ALPHA, "the sizes of batches are not binomial"
    spread = ((hits - steps * rate) ** 2 / (steps * rate * (1 - rate))).sum()
    assert ALPHA < stats.chi2(rows).cdf(spread) < 1 - ALPHA, "rows are not drawn each by itself"
    assert not len(noise.poisson_batch(rows, 0.0))


def test_two_streams_share_no_value() -> None:
    first, second = NoiseStream().words(100_000), NoiseStream().words(100_000)
    assert not np.intersect1d(first, second).size


_FORKING = """
import os, sys
from semblant_models.privacy.noise import NoiseStream

noise = NoiseStream()
noise.words(1)
child = os.fork()
words = noise.words(1_000)
if child:
    os.waitpid(child, 0)
sys.stdout.write(" ".join(map(str, words.tolist())) + " ")
sys.stdout.flush()
os._exit(0)
"""


def test_a_process_that_was_forked_off_draws_other_noise() -> None:
    # in a program of its own: JAX, once imported here, warns of any fork
    done = subprocess.run([sys.executable, "-c", _FORKING], capture_output=True, text=True, check=True)
    words = done.stdout.split()
    assert len(words) == len(set(words)) == 2_000


def test_a_key_of_a_test_is_a_key_and_is_not_shown() -> None:
    assert (NoiseStream(KEY).words(8) == NoiseStream(KEY).words(8)).all()
    assert "key" not in repr(NoiseStream(KEY))
    assert len(KEY) * 8 >= 128


@pytest.mark.parametrize("module", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.stem)
def test_nothing_private_is_drawn_from_a_generator_that_a_number_starts(module: Path) -> None:
    """What needs no secrecy (weights at their start, values within a code) may be drawn so, from a secret number."""
    calls = [ast.unparse(node) for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Call)]
    drawn = [call for call in calls if call.startswith(("jax.random.", "np.random.", "random."))]
    secret = "(account.noise.seed())"
    assert set(drawn) <= {f"np.random.default_rng{secret}", f"jax.random.key{secret}"}
