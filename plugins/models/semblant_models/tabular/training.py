"""The training loop: schedule, validation, early stop, checkpoints."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from attrs import define, field

from semblant.errors import ModelError
from semblant_models.schedule import Progress, rate_of, stop_from_outside
from semblant_models.tabular.checkpoint import load_checkpoint, save_checkpoint
from semblant_models.tabular.dropping import next_rates
from semblant_models.tabular.estimate import expected_steps
from semblant_models.tabular.expecting import expected_end
from semblant_models.tabular.network import initial_parameters
from semblant_models.tabular.stepping import State, initial_state, make_steps, make_validation, validation_batches
from semblant_models.tabular.stopping import early_stop

if TYPE_CHECKING:
    from semblant.run import Run
    from semblant_models.tabular.compiling import Ahead
    from semblant_models.tabular.recipe import Recipe
    from semblant_models.tabular.shape import Shape

_LONGEST_CALL = 100
"""Optimizer steps per compiled call: between calls a job can be cancelled."""
_VALIDATION_ROWS = 20_000
_MOST_RESTARTS = 3
_CHECKPOINT_SECONDS = 20.0


@define(eq=False)
class Training:
    """Trains one network on tokens.

    Arrays: ``train`` and ``validation`` are int16, shape (n, tokens); ``tables`` the fixed log-shares.
    """

    shape: Shape
    recipe: Recipe
    tables: dict[str, np.ndarray]
    train: np.ndarray
    validation: np.ndarray
    ordered: np.ndarray
    seed: int
    _ordered_epoch: tuple[int, np.ndarray] | None = field(default=None, init=False)

    def run(self, run: Run, ahead: Ahead) -> tuple[dict[str, np.ndarray], Progress]:
        """Train to the end, going on from a checkpoint below the run's workspace; gives the best averaged weights.

        ``ahead`` begins other compiling beside that of the steps.
        """
        recipe, rows = self.recipe, len(self.train)
        per_epoch = max(rows // (recipe.batch_size * recipe.accumulation), 1)
        total = max(per_epoch * recipe.max_epochs, 1)
        state, best, progress = self._start(run, total)
        tables = jax.device_put(dict(self.tables))
        data = jax.device_put(self.train)
        held = self.validation[:_VALIDATION_ROWS] if len(self.validation) else self.train[:_VALIDATION_ROWS]
        batches, seen_batches = (
            jax.device_put(validation_batches(part, min(len(held), 2048))) for part in (held, self._seen(len(held)))
        )
        steps, validate = make_steps(self.shape, recipe), make_validation(self.shape, len(held))
        like = jax.eval_shape(lambda *arrays: arrays, state["average"], tables, batches)
        validating = ahead(lambda: validate.lower(*like).compile())
        base = jax.random.wrap_key_data(jnp.array([self.seed >> 32, self.seed & 0xFFFFFFFF], jnp.uint32))
        call = min(_LONGEST_CALL, recipe.validation_steps)
        before, saved, furthest = progress.seconds, time.monotonic(), progress.step
        started = time.monotonic()
        while progress.step < progress.end and not progress.stopped:
            last = progress.end if recipe.stop_at is None else min(progress.end, recipe.stop_at - progress.lost)
            losses, until = [], min(progress.step + recipe.validation_steps, last)
            while progress.step < until and not progress.stopped:
                count = min(call, until - progress.step)
                rates = np.array(
                    [
                        rate_of(progress, recipe, s, per_epoch, total)
                        for s in range(progress.step, progress.step + count)
                    ]
                )
                index = self._rows(progress.step, count, per_epoch)
                index, padded = (
                    np.concatenate([a, np.zeros((call - count, *a.shape[1:]), a.dtype)]) for a in (index, rates)
                )
                state, mean = steps(
                    state,
                    tables,
                    np.asarray(progress.dropout, np.float32),
                    data,
                    index,
                    padded.astype(np.float32),
                    base,
                    np.int32(progress.step),
                    np.int32(count),
                )
                losses.append((float(mean), count))
                progress.step += count
                progress.seconds = before + time.monotonic() - started
                stop_from_outside(progress, recipe, run)
                furthest = max(furthest, progress.step)
                run.progress(
                    furthest / per_epoch,
                    progress.end / per_epoch,
                    "epochs",
                    progress.expected / per_epoch,
                    loss=losses[-1][0],
                )
            by_part = np.asarray(validating()(state["average"], tables, batches))
            found = float(by_part[-1].sum())
            if not (math.isfinite(found) and all(math.isfinite(v) for v, _ in losses)):
                state, best, progress = self._restart(best, progress, total, run)
                continue
            loss = sum(v * n for v, n in losses) / max(sum(n for _, n in losses), 1)
            seen = float(np.asarray(validating()(state["average"], tables, seen_batches))[-1].sum())
            rate = float(rates[-1])
            progress.history.append(
                {
                    "step": progress.step,
                    "epoch": progress.step / per_epoch,
                    "seconds": round(progress.seconds, 3),
                    "loss": loss,
                    "validation_loss": found,
                    "seen_loss": seen,
                    "learning_rate": rate,
                }
            )
            if recipe.adaptive_dropout:
                progress.dropout = next_rates(np.array(progress.dropout), recipe.hidden_dropout, by_part).tolist()
            if found < progress.best_loss:
                progress.best_loss, progress.best_step = found, progress.step
                best = {name: np.asarray(value) for name, value in state["average"].items()}
            self._look_ahead(progress)
            run.progress(
                furthest / per_epoch,
                progress.end / per_epoch,
                "epochs",
                progress.expected / per_epoch,
                loss=loss,
                validation_loss=found,
                learning_rate=rate,
            )
            if time.monotonic() - saved > _CHECKPOINT_SECONDS or progress.stopped or progress.step >= progress.end:
                save_checkpoint(run.workspace, state, best, progress, self._mark())
                saved = time.monotonic()
        return best, progress

    def _seen(self, count: int) -> np.ndarray:
        """Give as many rows that are trained on as are held out, or all: what they gain more is memory."""
        if count >= len(self.train):
            return np.resize(self.train, (count, self.train.shape[1]))
        return self.train[np.sort(np.random.default_rng(self.seed).choice(len(self.train), count, replace=False))]

    def _mark(self) -> dict[str, Any]:
        """What must be the same for a checkpoint to be of use."""
        recipe = self.recipe.to_dict()
        recipe.pop("max_minutes")
        return {
            "recipe": recipe,
            "rows": len(self.train),
            "tokens": self.shape.tokens,
            "codes": self.shape.codes,
            "seed": str(self.seed),
        }

    def _start(self, run: Run, total: int) -> tuple[State, dict[str, np.ndarray], Progress]:
        first = initial_parameters(self.shape, self.ordered, np.random.default_rng(self.seed))
        state = initial_state(first, self.recipe)
        found = load_checkpoint(run.workspace, state, self._mark())
        if found is not None:
            state, best, stored = found
            return state, best, Progress(**stored)
        progress = Progress(end=total, dropout=[self.recipe.hidden_dropout] * self.shape.tokens)
        progress.expected = expected_end(progress, self.recipe, expected_steps(self.recipe, len(self.train)))
        return state, first, progress

    def _look_ahead(self, progress: Progress) -> None:
        """Decide whether training ends, and say when it probably will."""
        early_stop(progress, self.recipe)
        progress.expected = expected_end(progress, self.recipe, expected_steps(self.recipe, len(self.train)))

    def _restart(
        self, best: dict[str, np.ndarray], progress: Progress, total: int, run: Run
    ) -> tuple[State, dict[str, np.ndarray], Progress]:
        """Go back to the best weights with half the rate after a loss that is not a number."""
        progress.restarts += 1
        if progress.restarts > _MOST_RESTARTS:
            msg = f"the training loss is not a number at step {progress.step}, even at an eighth of the learning rate"
            raise ModelError(msg, fix="lower 'model.learning_rate', or leave it to 'adaptive_learning_rate: true'")
        run.notice(
            f"the loss at step {progress.step} is not a number: training goes on from step {progress.best_step} "
            "at half the learning rate",
            warning=True,
        )
        progress.lost += progress.step - progress.best_step
        progress.step, progress.stopped = progress.best_step, ""
        progress.factor /= 2
        progress.history = [entry for entry in progress.history if entry["step"] <= progress.best_step]
        if progress.cool_from is not None and progress.cool_from > progress.step:
            progress.cool_from, progress.end = None, total
        stop_from_outside(progress, self.recipe, run)
        return initial_state(best, self.recipe), best, progress

    def _rows(self, step: int, count: int, per_epoch: int) -> np.ndarray:
        """Give the rows of the next steps, int32, shape (count, accumulation, batch): each epoch a new order."""
        size = self.recipe.batch_size * self.recipe.accumulation
        parts, at = [], step
        while at < step + count:
            epoch, inside = divmod(at, per_epoch)
            take = min(per_epoch - inside, step + count - at)
            order = self._order(epoch)
            parts.append(order[inside * size : (inside + take) * size])
            at += take
        return np.concatenate(parts).reshape(count, self.recipe.accumulation, self.recipe.batch_size)

    def _order(self, epoch: int) -> np.ndarray:
        """Give the order of the rows in an epoch, int32; the last one asked for is kept."""
        if self._ordered_epoch is None or self._ordered_epoch[0] != epoch:
            order = np.random.default_rng((self.seed, epoch)).permutation(len(self.train)).astype(np.int32)
            self._ordered_epoch = (epoch, order)
        return self._ordered_epoch[1]
