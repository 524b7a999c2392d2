"""What a training really used, and what it decided: told in the generator, and written into its spec."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.pipeline.learn import Learned
    from semblant.privacy import PrivacyAccount
    from semblant.spec.training import TrainingSettings

PACKAGES = ("semblant", "numpy", "pyarrow", "polars", "jax", "jaxlib", "flax", "optax", "dp-accounting")


def with_decisions(wanted: Mapping[str, Any], found: Learned) -> dict[str, Any]:
    """Write into a table's model settings what its training decided by memory, by clock or because it was told to."""
    decided = dict(wanted)
    if found.model is not None:
        decided |= _decisions(found.plan.model, found.model.settings_used)
    if found.text_model is not None:
        below = _decisions(found.plan.model.text, found.text_model.settings_used)
        if below:
            decided["text"] = {**decided.get("text", {}), **below}
    return decided


def _decisions(settings: TrainingSettings, used: Mapping[str, Any]) -> dict[str, Any]:
    decided: dict[str, Any] = {}
    if settings.auto_batching and used.get("batch_size"):
        decided["auto_batching"] = False
        decided["batch_size"] = int(used["batch_size"])
        if int(used.get("accumulation") or 1) > 1:
            decided["gradient_accumulation"] = int(used["accumulation"])
    if used.get("stopped_at_step"):
        decided["stopped_at_step"] = int(used["stopped_at_step"])
    return decided


def settings_used(found: Learned, privacy: PrivacyAccount) -> dict[str, Any]:
    """Give what a table's training really used: rows, goal, size, and the backend's own decisions."""
    used: dict[str, Any] = {
        "training_rows": privacy.subjects if privacy.private else found.rows,
        "goal": str(found.plan.model.goal),
        "size": str(found.plan.model.size),
        "backend": found.plan.backend,
    }
    if privacy.private:
        told = privacy.as_dict()
        used |= {"epsilon": told.get("spent"), "delta": told.get("delta")}
    if found.model is not None:
        used |= dict(found.model.settings_used)
    if found.text_model is not None:
        used["text"] = {"backend": found.plan.text_backend, **dict(found.text_model.settings_used)}
    return used


def environment() -> dict[str, str]:
    """Give what decides whether the same seed gives the same rows elsewhere: processor and package versions."""
    versions = {"python": platform.python_version(), "machine": platform.machine(), "system": platform.system()}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions
