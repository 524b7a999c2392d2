"""Destination and settings of generation within an order: as plain data, and as the objects of the spec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from semblant.errors import ConfigError
from semblant.settings.structure import structure
from semblant.settings.unstructure import unstructure
from semblant.spec.model import DestinationSpec, GenerationSpec
from semblant.vocabulary import WriteMode

if TYPE_CHECKING:
    from semblant.jobs.orders import Order


def destination_data(destination: DestinationSpec | None) -> dict[str, Any] | None:
    """Give a destination as plain data, secrets as references."""
    if destination is None:
        return None
    settings = {name: unstructure(value) for name, value in destination.settings.items()}
    return {"type": destination.type, "mode": str(destination.mode), "settings": settings}


def destination_of(order: Order) -> DestinationSpec | None:
    """Give the destination of an order."""
    data = order.destination
    if data is None:
        return None
    return DestinationSpec(type=data["type"], mode=WriteMode(data["mode"]), settings=data["settings"])


def generation_data(generation: GenerationSpec | None) -> dict[str, Any] | None:
    """Give settings of generation as plain data."""
    return None if generation is None else dict(unstructure(generation))


def generation_of(order: Order) -> GenerationSpec | None:
    """Give the settings of generation of an order.

    :raises ConfigError: they are not what this version knows.
    """
    if order.generation is None:
        return None
    found, faults = structure(GenerationSpec, order.generation, "generation")
    if faults:
        msg = "the settings of generation are wrong"
        raise ConfigError(msg, findings=faults)
    assert isinstance(found, GenerationSpec)
    return found
