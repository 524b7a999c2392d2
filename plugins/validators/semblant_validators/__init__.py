"""The default validators: the rules between settings, keys and tables, one class per rule set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant.components import ValidatorType
from semblant.findings import ConfigStep
from semblant.hookspecs import hookimpl
from semblant_validators import codes

if TYPE_CHECKING:
    from collections.abc import Sequence


def _validator(name: str, made_by: str, step: ConfigStep, found: codes.Codes, summary: str) -> ValidatorType:
    return ValidatorType(
        name=name,
        factory=f"semblant_validators.{made_by}",
        step=step,
        summary=summary,
        capabilities={"findings": codes.meanings(found)},
    )


@hookimpl
def semblant_validators() -> Sequence[ValidatorType]:
    """Offer one validator per configuration step, and one per limit of this version."""
    return [
        _validator("source", "source:SourceValidator", ConfigStep.SOURCE, codes.SOURCE, "the source has tables"),
        _validator(
            "data",
            "data:DataValidator",
            ConfigStep.DATA,
            codes.DATA,
            "named tables and columns exist, something is left to learn",
        ),
        _validator(
            "keys",
            "keys:KeysValidator",
            ConfigStep.KEYS,
            codes.KEYS,
            "primary and foreign keys name what exists and fit each other",
        ),
        _validator(
            "relations",
            "relations:RelationsValidator",
            ConfigStep.KEYS,
            codes.RELATIONS,
            "one root table, rings that are broken, original tables in their place",
        ),
        _validator(
            "treatment",
            "treatment:TreatmentValidator",
            ConfigStep.TREATMENT,
            codes.TREATMENT,
            "encodings fit types, sensitive columns that come out are told",
        ),
        _validator(
            "constraints",
            "constraints:ConstraintsValidator",
            ConfigStep.TREATMENT,
            codes.CONSTRAINTS,
            "constraints name columns that are there, of types that fit, and do not contradict each other",
        ),
        _validator(
            "model", "model:ModelValidator", ConfigStep.MODEL, codes.MODEL, "settings of the training go together"
        ),
        _validator(
            "privacy",
            "privacy:PrivacyValidator",
            ConfigStep.MODEL,
            codes.PRIVACY,
            "privacy settings determine the run and go together",
        ),
        _validator(
            "privacy-support",
            "privacy_support:PrivacySupportValidator",
            ConfigStep.MODEL,
            codes.PRIVACY_SUPPORT,
            "nothing is asked for that a private run cannot do; what is declared public fits the data's types",
        ),
        _validator(
            "generation",
            "generation:GenerationValidator",
            ConfigStep.GENERATION,
            codes.GENERATION,
            "shares, batch sizes, report and holdout have sense and effect",
        ),
        _validator(
            "destination",
            "destination:DestinationValidator",
            ConfigStep.DESTINATION,
            codes.DESTINATION,
            "the data go somewhere, and not over the original",
        ),
    ]
