"""Settings of the generation reach the model: scale, batch size, temperature and top-p per column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from semblant.pipeline.generate import order_for, rows_for, sampling_for
from semblant.spec.model import ColumnSampling, GenerationSpec
from tests.core.pipeline.made import PEOPLE, Dependent, entry_of, generated

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.training import GenerationRequest


class Heard(Dependent):
    """Remembers what was asked for."""

    asked: list[GenerationRequest]

    def generate(self, request: Any, run: Any) -> Any:
        self.asked = [*getattr(self, "asked", []), request]
        return super().generate(request, run)


@pytest.mark.feature(226)
def test_scale_is_a_factor_of_the_rows_that_were_learned(tmp_path: Path) -> None:
    assert generated(tmp_path).num_rows == 4000
    assert generated(tmp_path, scale=0.25).num_rows == 1000
    assert generated(tmp_path, scale=1.5).num_rows == 6000
    assert rows_for(entry_of(PEOPLE.slice(0, 3)), GenerationSpec(scale=0.01)) == 1


@pytest.mark.feature(50)
def test_the_batch_size_reaches_the_model(tmp_path: Path) -> None:
    model = Heard(PEOPLE)
    generated(tmp_path, model=model, batch_size=77)
    generated(tmp_path, model=model)
    assert [request.batch_rows for request in model.asked] == [77, None]


@pytest.mark.feature(224)
def test_a_column_has_a_temperature_and_a_top_p_of_its_own() -> None:
    own = {"people": {"city": ColumnSampling(temperature=0.2), "age": ColumnSampling(top_p=0.5)}}
    spec = GenerationSpec(temperature=1.5, top_p=0.9, columns=own)
    found = sampling_for("people", spec)
    assert (found.temperature, found.top_p) == (1.5, 0.9)
    assert dict(found.columns) == {"city": (0.2, 0.9), "age": (1.5, 0.5)}
    assert order_for(entry_of(PEOPLE), spec, 9).sampling == found
    assert sampling_for("others", spec).columns == {}
