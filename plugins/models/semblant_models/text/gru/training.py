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
from semblant_models.text.gru.network import initial_parameters
from semblant_models.text.gru.stepping import State, initial_state, make_scoring, make_steps
from semblant_models.text.gru.stream import most_texts, windows_of
from semblant_models.text.gru.vocabulary import END

if TYPE_CHECKING:
    from semblant.run import Run
    from semblant_models.text.gru.recipe import Recipe
    from semblant_models.text.gru.shape import Shape
    from semblant_models.text.gru.stream import Texts, Windows

_LONGEST_CALL = 16
"""Optimizer steps per compiled call: between calls a job can be cancelled."""
_VALIDATION_TOKENS = 200_000
_COOL_SHARE = 0.3
_COOLED_IN_VAIN = 2
_LEAST_STEPS = 100
_CHECKPOINT_SECONDS = 20.0


@define(eq=False)
class TextTraining:
    """Trains one network on texts."""

    shape: Shape
    recipe: Recipe
    train: Texts
    validation: Texts
    seed: int
    _laid: tuple[int, Windows] | None = field(default=None, init=False)

    def run(self, run: Run) -> tuple[dict[str, np.ndarray], Progress]:
        """Train to the end, going on from a checkpoint below the run's workspace; gives the best averaged weights."""
        recipe = self.recipe
        per_epoch = max(len(self._windows(0)) // recipe.accumulation, 1)
        total = max(per_epoch * recipe.max_epochs, 1)
        every = recipe.validation_steps or per_epoch
        state, best, progress = self._start(run, total)
        steps, validate = make_steps(self.shape, recipe), self._validation()
        given = (jnp.asarray(self.train.codes), jnp.asarray(self.train.recalled))
        base = jax.random.wrap_key_data(jnp.array([self.seed >> 32, self.seed & 0xFFFFFFFF], jnp.uint32))
        call = min(_LONGEST_CALL, every)
        before, started = progress.seconds, time.monotonic()
        saved = started
        while progress.step < progress.end and not progress.stopped:
            last = progress.end if recipe.stop_at is None else min(progress.end, recipe.stop_at)
            losses, until = [], min(progress.step + every, last)
            rate = 0.0
            while progress.step < until and not progress.stopped:
                epoch, inside = divmod(progress.step, per_epoch)
                count = min(call, until - progress.step, per_epoch - inside)
                rates = [
                    rate_of(progress, recipe, step, per_epoch, total)
                    for step in range(progress.step, progress.step + count)
                ]
                rate = rates[-1]
                state, mean = steps(
                    state,
                    self._part(epoch, inside, count, call),
                    given,
                    jnp.asarray(rates + [0.0] * (call - count), jnp.float32),
                    base,
                    jnp.asarray(progress.step, jnp.int32),
                    jnp.asarray(count, jnp.int32),
                )
                losses.append((float(mean), count))
                progress.step += count
                progress.seconds = before + time.monotonic() - started
                stop_from_outside(progress, recipe, run)
                run.progress(progress.step / per_epoch, progress.end / per_epoch, "epochs", loss=losses[-1][0])
            found = validate(state["average"])
            loss = sum(value * count for value, count in losses) / max(sum(count for _, count in losses), 1)
            if not (math.isfinite(found) and math.isfinite(loss)):
                msg = f"the training loss of the texts is not a number at step {progress.step}"
                raise ModelError(msg, fix="lower 'model.text.learning_rate', or leave it to the adaptive one")
            self._note(progress, loss, found, rate, per_epoch)
            if found < progress.best_loss:
                progress.best_loss, progress.best_step = found, progress.step
                best = {name: np.asarray(value) for name, value in state["average"].items()}
            self._early_stop(progress)
            run.progress(
                progress.step / per_epoch,
                max(progress.end, progress.step) / per_epoch,
                "epochs",
                loss=loss,
                validation_loss=found,
                learning_rate=rate,
            )
            if time.monotonic() - saved > _CHECKPOINT_SECONDS or progress.stopped or progress.step >= progress.end:
                save_checkpoint(run.workspace, state, best, progress, self._mark())
                saved = time.monotonic()
        return best, progress

    def _note(self, progress: Progress, loss: float, found: float, rate: float, per_epoch: int) -> None:
        progress.history.append(
            {
                "step": progress.step,
                "epoch": progress.step / per_epoch,
                "seconds": round(progress.seconds, 3),
                "loss": loss,
                "validation_loss": found,
                "learning_rate": rate,
            }
        )

    def _validation(self) -> Any:
        """Give a function from weights to mean nats per token of the validation texts (of training where none are)."""
        texts = self.validation if len(self.validation) else self.train
        sizes = np.cumsum(np.diff(texts.starts) + 1)
        count = max(int(np.searchsorted(sizes, _VALIDATION_TOKENS)), 1)
        texts = texts.take(np.arange(min(count, len(texts))))
        lanes = self.recipe.batch_size
        laid = windows_of(
            texts, np.arange(len(texts)), self.recipe.time, lanes, most_texts(texts, self.recipe.time, lanes)
        )
        arrays = tuple(map(jnp.asarray, (laid.inputs, laid.targets, laid.left, laid.place, laid.texts)))
        given, scoring = (jnp.asarray(texts.codes), jnp.asarray(texts.recalled)), make_scoring(self.shape)
        tokens = max(int((laid.targets >= 0).sum()), 1)
        return lambda weights: float(np.asarray(scoring(weights, arrays, given), np.float64).sum() / tokens)

    def _windows(self, epoch: int) -> Windows:
        """Give the windows of an epoch, the texts in another order each time; the last asked for are kept."""
        if self._laid is None or self._laid[0] != epoch:
            random = np.random.default_rng((self.seed, epoch))
            order = random.permutation(len(self.train))
            lanes = self.recipe.batch_size
            most = most_texts(self.train, self.recipe.time, lanes)
            self._laid = (epoch, windows_of(self.train, order, self.recipe.time, lanes, most, random))
        return self._laid[1]

    def _part(self, epoch: int, first: int, count: int, call: int) -> tuple[jax.Array, ...]:
        """Give the windows of some steps, filled up to those of a whole call."""
        laid, parts = self._windows(epoch), self.recipe.accumulation
        arrays = []
        for array in (laid.inputs, laid.targets, laid.left, laid.place, laid.texts):
            part = array[first * parts : (first + count) * parts]
            missing = call * parts - len(part)
            filled = np.concatenate([part, np.zeros((missing, *part.shape[1:]), part.dtype)])
            arrays.append(jnp.asarray(filled.reshape(call, parts, *part.shape[1:])))
        return tuple(arrays)

    def _mark(self) -> dict[str, Any]:
        """What must be the same for a checkpoint to be of use."""
        recipe = self.recipe.to_dict()
        recipe.pop("max_minutes")
        return {"recipe": recipe, "texts": len(self.train), "tokens": len(self.train.tokens), "seed": str(self.seed)}

    def _start(self, run: Run, total: int) -> tuple[State, dict[str, np.ndarray], Progress]:
        counts = np.bincount(self.train.tokens, minlength=self.shape.tokens) + 0.1
        counts[END] += len(self.train)
        first = initial_parameters(self.shape, counts / counts.sum(), np.random.default_rng(self.seed))
        state = initial_state(first, self.shape, self.recipe)
        found = load_checkpoint(run.workspace, state, self._mark())
        if found is not None:
            state, best, stored = found
            return state, best, Progress(**stored)
        return state, first, Progress(end=total)

    def _early_stop(self, progress: Progress) -> None:
        """Let the rate fall for 30 % of the steps done once validations gain too little; end when that is in vain."""
        losses = [entry["validation_loss"] for entry in progress.history]
        delta, window = self.recipe.early_stop_delta, self.recipe.patience
        if progress.cool_from is not None:
            late = [entry["step"] for entry in progress.history if entry["step"] > progress.cool_from]
            if delta and len(late) >= _COOLED_IN_VAIN and progress.best_step < late[-_COOLED_IN_VAIN]:
                progress.stopped = "early stop"
            return
        if progress.step < _LEAST_STEPS or len(losses) <= window:
            return
        gain = (min(losses[:-window]) - min(losses)) / window
        if gain > 0 and gain >= delta * abs(min(losses)):
            return
        if not self.recipe.adaptive:
            progress.stopped = "early stop"
            return
        progress.cool_from = progress.step
        progress.end = min(progress.end, progress.step + max(round(progress.step * _COOL_SHARE), 1))
