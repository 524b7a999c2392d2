"""Our validators pass the kit that strangers' validators pass."""

from __future__ import annotations

import semblant_validators
from semblant.testing import ValidatorConformance

OFFERED = {validator.name: validator for validator in semblant_validators.semblant_validators()}


def _class_for(name: str) -> type[ValidatorConformance]:
    title = f"Test{name.title().replace('-', '')}"
    return type(title, (ValidatorConformance,), {"component": OFFERED[name], "__module__": __name__})


globals().update({cls.__name__: cls for cls in map(_class_for, OFFERED)})
