"""Row 242: two private backends, chosen by what is public of a job."""

from __future__ import annotations

from typing import Any

import pytest

from semblant.host import PluginHost
from semblant.resolve import backend_name
from semblant.settings import AUTO
from semblant.spec.training import PrivacySpec

HOST = PluginHost.from_environment()


@pytest.mark.feature(242)
@pytest.mark.parametrize(
    ("privacy", "columns", "chosen"),
    [
        ({"epsilon": 0.1}, 14, "dp-marginal"),
        ({"epsilon": 3.0}, 14, "dp-marginal"),
        ({"epsilon": 4.0}, 14, "column-ar"),
        ({"epsilon": 1.0}, 33, "column-ar"),
        ({"epsilon": 1.0, "steps": 50}, 14, "column-ar"),
        ({"noise_multiplier": 2.0}, 14, "column-ar"),
        ({"epsilon": 1.0, "max_gradient_norm": 0.5}, 14, "column-ar"),
        ({"epsilon": 1.0, "max_physical_batch_size": 64}, 14, "column-ar"),
    ],
)
def test_the_backend_follows_from_epsilon_columns_and_what_is_set(
    privacy: dict[str, Any], columns: int, chosen: str
) -> None:
    assert backend_name(HOST, AUTO, "tabular", privacy=PrivacySpec(**privacy), columns=columns) == chosen


@pytest.mark.feature(242)
def test_a_backend_that_is_named_is_taken_and_without_privacy_the_usual_one() -> None:
    assert backend_name(HOST, "column-ar", "tabular", privacy=PrivacySpec(epsilon=1.0), columns=3) == "column-ar"
    assert backend_name(HOST, AUTO, "tabular") == "column-ar"
