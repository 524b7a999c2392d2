"""Checks that hold for every model: progress, cancelling, files, repetition."""

from __future__ import annotations

import contextlib
import math
import random
import shutil
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from semblant.components import ModelType
from semblant.errors import Cancelled, PrivacyError, SemblantError
from semblant.protocols import Model, Prepared
from semblant.run import Token
from semblant.spec.training import ModelSpec, PrivacySpec
from semblant.testing.capabilities import needs
from semblant.testing.lessons import Listener, bytes_below, private_account, run_in
from semblant.testing.model_access import BATCH, Learned, ModelAccess, as_json

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.training import GenerationRequest, TrainingTable

_CODE = (b"\x80\x04", b"\x80\x05", b"\xcc\r\r\n")
"""How pickles and compiled modules begin."""


class LifeConformance(ModelAccess):
    """From preparing to loading again, whatever is learned."""

    @abstractmethod
    def lesson(self) -> TrainingTable:
        """Give the table that the checks learn."""

    @abstractmethod
    def request(self, rows: int, **request: Any) -> GenerationRequest:
        """Ask for rows; for a text model with the rows that they are written for."""

    @abstractmethod
    def planted(self) -> list[bytes]:
        """Give what must not lie in the saved files: values that one row holds."""

    @pytest.fixture
    def learned(self, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Learned:
        """Train once for the class."""
        made: Learned = self.shared(
            request, "learned", lambda: self.learn(self.lesson(), tmp_path_factory.mktemp("learned") / "workspace")
        )
        return made

    def rows(self, model: Model, folder: Path, rows: int, **request: Any) -> pa.Table:
        """Generate rows of the lesson."""
        return pa.Table.from_batches(list(model.generate(self.request(rows, **request), run_in(folder / "drawing"))))

    def test_what_it_makes_follows_the_protocols(self, learned: Learned) -> None:
        """Prepared table and model."""
        assert isinstance(learned.prepared, Prepared)
        assert isinstance(learned.model, Model)

    def test_the_summary_of_preparing_is_json_and_names_every_column(self, learned: Learned) -> None:
        """``jobs columns`` and the report show it."""
        summary = as_json(dict(learned.prepared.summary))
        text = str(summary)
        assert [name for name in self.columns_learned(learned) if repr(name)[1:-1] not in text] == []

    def columns_learned(self, learned: Learned) -> list[str]:
        """Name the columns that the backend learns."""
        return [plan.name for plan in learned.training.columns]

    def test_the_summary_holds_no_value_of_one_row(self, learned: Learned) -> None:
        """Nor does the file it is kept in."""
        text = str(dict(learned.prepared.summary)).encode()
        assert [value for value in self.planted() if value in text] == []

    def test_the_history_is_json_of_finite_numbers(self, learned: Learned) -> None:
        """One entry per validation, steps rising."""
        history = [dict(entry) for entry in learned.model.history]
        assert as_json(history) == history
        steps = [entry["step"] for entry in history if "step" in entry]
        assert steps == sorted(set(steps))
        assert all(math.isfinite(value) for entry in history for value in entry.values())

    def test_the_settings_used_are_json(self, learned: Learned) -> None:
        """What was decided where the spec said auto."""
        used = dict(learned.model.settings_used)
        assert used
        as_json(used)

    @pytest.mark.parametrize("rows", [0, 1, BATCH - 1, BATCH, BATCH + 1, 200])
    def test_exactly_the_rows_asked_for_are_made(self, rows: int, learned: Learned, tmp_path: Path) -> None:
        """Not one more, in batches no larger than asked."""
        batches = list(learned.model.generate(self.request(rows, batch_rows=BATCH), run_in(tmp_path)))
        assert sum(batch.num_rows for batch in batches) == rows
        assert max((batch.num_rows for batch in batches), default=0) <= BATCH

    def test_the_same_seed_makes_the_same_rows(self, learned: Learned, tmp_path: Path) -> None:
        """Twice by one model."""
        assert self.rows(learned.model, tmp_path, 150).equals(self.rows(learned.model, tmp_path, 150))

    def test_another_seed_makes_other_rows(self, learned: Learned, tmp_path: Path) -> None:
        """The seed decides."""
        first, other = (self.rows(learned.model, tmp_path, 150, seed=seed) for seed in (7, 8))
        assert not first.equals(other)

    def test_the_first_rows_do_not_depend_on_how_many_follow(self, learned: Learned, tmp_path: Path) -> None:
        """Whole batches are the same whether more come behind them."""
        many, few = self.rows(learned.model, tmp_path, 3 * BATCH), self.rows(learned.model, tmp_path, BATCH)
        assert many.slice(0, BATCH).equals(few)

    def test_batches_are_not_copies_of_each_other(self, learned: Learned, tmp_path: Path) -> None:
        """The seed of a batch is its own."""
        made = self.rows(learned.model, tmp_path, 2 * BATCH)
        assert not made.slice(0, BATCH).equals(made.slice(BATCH, BATCH))

    def test_the_random_state_of_the_process_decides_nothing(self, learned: Learned, tmp_path: Path) -> None:
        """Nor is it changed: an embedding program has its own."""
        np.random.seed(1)  # noqa: NPY002 - the global state is what is watched
        random.seed(1)
        first = self.rows(learned.model, tmp_path, BATCH)
        after = (np.random.random(), random.random())  # noqa: NPY002, S311
        np.random.seed(2)  # noqa: NPY002
        random.seed(2)
        assert self.rows(learned.model, tmp_path, BATCH).equals(first)
        np.random.seed(1)  # noqa: NPY002
        random.seed(1)
        assert (np.random.random(), random.random()) == after  # noqa: NPY002, S311

    def test_two_generations_at_once_do_not_mix(self, learned: Learned, tmp_path: Path) -> None:
        """Batches taken in turn are those of each alone."""
        alone = [self.rows(learned.model, tmp_path, 2 * BATCH, seed=seed) for seed in (7, 8)]
        first, second = (
            learned.model.generate(self.request(2 * BATCH, seed=seed), run_in(tmp_path)) for seed in (7, 8)
        )
        pairs = list(zip(first, second, strict=True))
        assert pa.Table.from_batches([one for one, _ in pairs]).equals(alone[0])
        assert pa.Table.from_batches([other for _, other in pairs]).equals(alone[1])

    def test_a_saved_model_makes_the_same_rows(self, learned: Learned, tmp_path: Path) -> None:
        """After loading by a fresh backend."""
        again = self.saved_and_loaded(learned, tmp_path)
        assert self.rows(again, tmp_path, 150).equals(self.rows(learned.model, tmp_path, 150))

    def test_a_saved_model_keeps_history_and_settings(self, learned: Learned, tmp_path: Path) -> None:
        """They are shown long after training."""
        again = self.saved_and_loaded(learned, tmp_path)
        assert [dict(entry) for entry in again.history] == [dict(entry) for entry in learned.model.history]
        assert as_json(dict(again.settings_used)) == as_json(dict(learned.model.settings_used))

    def saved_and_loaded(self, learned: Learned, folder: Path) -> Model:
        """Save, and load by another backend."""
        (folder / "saved").mkdir(exist_ok=True)
        learned.model.save(folder / "saved")
        return self.backend(folder).load(folder / "saved")

    @needs("same_bytes")
    def test_saving_twice_gives_the_same_files(self, learned: Learned, tmp_path: Path) -> None:
        """Byte for byte, so that generators can be compared."""
        for name in ("one", "other"):
            (tmp_path / name).mkdir()
            learned.model.save(tmp_path / name)
        assert bytes_below(tmp_path / "one") == bytes_below(tmp_path / "other")

    def test_a_model_moved_to_another_place_can_be_loaded(self, learned: Learned, tmp_path: Path) -> None:
        """No path of the training machine is needed."""
        self.saved_and_loaded(learned, tmp_path)
        shutil.move(tmp_path / "saved", tmp_path / "moved elsewhere")
        again = self.backend(tmp_path).load(tmp_path / "moved elsewhere")
        assert self.rows(again, tmp_path, 10).num_rows == 10
        assert str(tmp_path).encode() not in bytes_below(tmp_path / "moved elsewhere")

    def test_the_saved_files_hold_no_code(self, learned: Learned, tmp_path: Path) -> None:
        """Arrays and JSON: no pickle, no module."""
        self.saved_and_loaded(learned, tmp_path)
        files = [path for path in (tmp_path / "saved").rglob("*") if path.is_file()]
        assert files
        for path in files:
            assert path.suffix not in {".py", ".pyc", ".pkl", ".pickle", ".so", ".joblib"}, path.name
            assert not path.read_bytes().startswith(_CODE), path.name

    def test_the_saved_files_hold_no_value_of_one_row(self, learned: Learned, tmp_path: Path) -> None:
        """No planted text or number is found in any file."""
        self.saved_and_loaded(learned, tmp_path)
        saved = bytes_below(tmp_path / "saved")
        assert [value for value in self.planted() if value in saved] == []

    @pytest.mark.parametrize("damage", ["missing", "empty", "cut", "garbage"])
    def test_damaged_files_are_refused_in_words(self, damage: str, learned: Learned, tmp_path: Path) -> None:
        """Each file in turn; never a crash, never a wrong model in silence."""
        self.saved_and_loaded(learned, tmp_path)
        for path in sorted((tmp_path / "saved").rglob("*")):
            if not path.is_file() or not path.stat().st_size:
                continue
            whole = path.read_bytes()
            if damage == "missing":
                path.unlink()
            else:
                path.write_bytes({"empty": b"", "cut": whole[: len(whole) // 2], "garbage": b"\xff\x00garbage"}[damage])
            with pytest.raises(SemblantError):
                self.rows(self.backend(tmp_path).load(tmp_path / "saved"), tmp_path, 3)
            path.write_bytes(whole)

    def test_a_folder_without_a_model_is_refused_in_words(self, tmp_path: Path) -> None:
        """And left as it was."""
        (tmp_path / "nothing").mkdir()
        with pytest.raises(SemblantError):
            self.backend(tmp_path).load(tmp_path / "nothing")
        assert list((tmp_path / "nothing").iterdir()) == []

    def test_learning_tells_its_progress(self, learned: Learned) -> None:
        """In preparing or training, never backwards beyond its total."""
        told = learned.listener.progress()
        assert told
        assert all(event.total is None or (event.done or 0) <= event.total * 1.001 for event in told)

    def test_generating_tells_its_progress(self, learned: Learned, tmp_path: Path) -> None:
        """Up to the last row."""
        listener = Listener()
        list(learned.model.generate(self.request(200), run_in(tmp_path, emit=listener)))
        done = [event.done or 0 for event in listener.progress()]
        assert done == sorted(done)
        assert done[-1] == 200

    @pytest.mark.parametrize("step", ["prepare", "fit", "generate"])
    def test_a_cancelled_run_ends_at_once(self, step: str, learned: Learned, tmp_path: Path) -> None:
        """With ``Cancelled``, whatever it was about to do."""
        run = run_in(tmp_path / "run")
        backend = self.backend(tmp_path)
        prepared = learned.prepared if step != "fit" else backend.prepare(learned.training, run)
        run.cancel.set()
        with pytest.raises(Cancelled):  # noqa: PT012 - one of three calls
            if step == "prepare":
                backend.prepare(learned.training, run)
            elif step == "fit":
                backend.fit(learned.training, prepared, run)
            else:
                list(learned.model.generate(self.request(200), run))

    def test_generating_can_be_cancelled_in_the_middle(self, learned: Learned, tmp_path: Path) -> None:
        """Between two batches."""
        cancel = Token()
        run = run_in(tmp_path, emit=Listener(cancel), cancel=cancel)
        batches = 0
        with pytest.raises(Cancelled):  # noqa: PT012 - raised between two batches
            for _ in learned.model.generate(self.request(20 * BATCH), run):
                batches += 1
        assert batches < 20

    @needs("stops")
    def test_training_can_be_cancelled_in_the_middle(self, learned: Learned, tmp_path: Path) -> None:
        """At the first progress that it tells."""
        backend, cancel = self.backend(tmp_path), Token()
        prepared = backend.prepare(learned.training, run_in(tmp_path / "run"))
        run = run_in(tmp_path / "run", emit=Listener(cancel), cancel=cancel)
        with pytest.raises(Cancelled):
            backend.fit(learned.training, prepared, run)

    @needs("stops")
    def test_training_that_is_stopped_gives_a_model(self, stopped: Learned, learned: Learned, tmp_path: Path) -> None:
        """The best so far."""
        assert self.rows(stopped.model, tmp_path, 10).num_rows == 10
        assert len(stopped.model.history) < len(learned.model.history)

    @needs("stops", "checkpoints")
    def test_training_goes_on_from_its_checkpoint(self, stopped: Learned, tmp_path: Path) -> None:
        """A second ``fit`` in the same workspace begins where the first one stopped, or keeps to the wish to stop."""
        shutil.copytree(stopped.workspace, tmp_path / "copied")
        backend, run = self.backend(tmp_path), run_in(tmp_path / "copied")
        model = backend.fit(stopped.training, backend.load_prepared(run.workspace), run)
        first, whole = ([dict(entry) for entry in made.history] for made in (stopped.model, model))
        assert first
        assert whole[: len(first)] == first
        kept = model.settings_used.get("stopped_at_step")
        if kept is None:
            assert len(whole) > len(first)
        else:
            assert (whole, kept) == (first, first[-1]["step"])

    @pytest.fixture
    def stopped(self, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Learned:
        """Train until the first progress, once for the class."""
        made: Learned = self.shared(request, "stopped", lambda: self.stop(tmp_path_factory.mktemp("stopped")))
        return made

    def stop(self, folder: Path) -> Learned:
        """Train and ask to stop at the first progress."""
        backend, token, training = self.backend(folder), Token(), self.lesson()
        listener = Listener(token)
        prepared = backend.prepare(training, run_in(folder / "workspace"))
        run = run_in(folder / "workspace", emit=listener, stop_training=token)
        model = backend.fit(training, prepared, run)
        return Learned(
            training=training, prepared=prepared, model=model, workspace=folder / "workspace", listener=listener
        )

    def test_the_same_run_learns_the_same_model(self, learned: Learned, tmp_path: Path) -> None:
        """From what was prepared and loaded again: training has no chance of its own."""
        backend, run = self.backend(tmp_path), run_in(tmp_path / "again")
        backend.prepare(learned.training, run)
        prepared = self.backend(tmp_path).load_prepared(run.workspace)
        assert as_json(dict(prepared.summary)) == as_json(dict(learned.prepared.summary))
        model = backend.fit(learned.training, prepared, run)
        assert self.rows(model, tmp_path, 150).equals(self.rows(learned.model, tmp_path, 150))

    def test_only_the_workspace_is_written_to(
        self, learned: Learned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Neither the working directory nor what lies beside the workspace."""
        (tmp_path / "here").mkdir()
        monkeypatch.chdir(tmp_path / "here")
        self.backend(tmp_path).prepare(learned.training, run_in(tmp_path / "workspace"))
        list(learned.model.generate(self.request(10), run_in(tmp_path / "workspace")))
        assert list((tmp_path / "here").iterdir()) == []
        assert sorted(path.name for path in tmp_path.iterdir()) == ["here", "workspace"]

    def test_a_private_run_is_refused_or_keeps_its_budget(self, learned: Learned, tmp_path: Path) -> None:
        """A backend without the capability ``privacy`` raises before it learns anything."""
        assert isinstance(self.component, ModelType)
        private = bool(self.component.capabilities.get("privacy"))
        own = bool(self.component.account)
        account = self.component.open_account(PrivacySpec(epsilon=1.0), ModelSpec()) if own else private_account()
        account.begin(learned.training.rows)
        run = run_in(tmp_path / "private", privacy=account)
        backend = self.backend(tmp_path)
        with contextlib.nullcontext() if private else pytest.raises(PrivacyError):
            backend.fit(learned.training, backend.prepare(learned.training, run), run)
        if private:
            told = account.as_dict()
            assert told["charged"] or told["withheld"]
