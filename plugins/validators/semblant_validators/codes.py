"""The codes of the findings that these validators make: how grave each is, and what it means.

``spec/findings.md`` is made from here; a finding can only be made with a code that stands here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from semblant.findings import ConfigStep, Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO

SOURCE: Final = {
    "empty-source": (ERROR, "the source has no tables"),
}
DATA: Final = {
    "unknown-table": (ERROR, "the spec names a table that the source does not have"),
    "unknown-column": (ERROR, "the spec names a column that its table does not have"),
    "no-tables": (ERROR, "every table is excluded"),
    "no-columns": (ERROR, "every column of a table is excluded"),
    "only-a-key": (ERROR, "a table has nothing to learn beside its primary key"),
    "excluded-has-settings": (WARNING, "settings of an excluded table or column have no effect"),
}
KEYS: Final = {
    "key-column-unknown": (ERROR, "a key names a column that is not there"),
    "key-column-twice": (ERROR, "a key names a column twice"),
    "key-column-excluded": (ERROR, "a key of the spec names a column that is excluded"),
    "key-column-type": (ERROR, "a column of this type cannot be part of a key"),
    "key-falls-away": (WARNING, "a key of the source falls away, because a column or table that it needs is excluded"),
    "empty-key": (ERROR, "a foreign key has no columns"),
    "reference-unknown": (ERROR, "a foreign key points to a table that the source does not have"),
    "reference-excluded": (ERROR, "a foreign key of the spec points to an excluded table"),
    "reference-without-key": (ERROR, "a foreign key points to a table that has no primary key"),
    "reference-not-the-key": (ERROR, "a foreign key points to columns that are not the primary key of their table"),
    "reference-beside-the-key": (
        WARNING,
        "a key of the source points to columns that are not the primary key of their table",
    ),
    "key-length": (ERROR, "a foreign key has more or fewer columns than what it points to"),
    "key-type-mismatch": (ERROR, "the columns of a foreign key and those it points to are of different types"),
    "key-twice": (ERROR, "a table has the same foreign key twice"),
}
RELATIONS: Final = {
    "two-roots": (ERROR, "two synthesized tables without a parent have nothing to do with each other"),
    "several-roots": (WARNING, "a second synthesized table without a parent is made by itself"),
    "nothing-to-synthesize": (ERROR, "every table is original data"),
    "cycle": (WARNING, "tables point to each other in a ring: one of the keys is matched afterwards"),
    "original-not-referenced": (ERROR, "no foreign key points to an original table"),
    "original-references-synthesized": (ERROR, "an original table points to a synthesized one"),
}
TREATMENT: Final = {
    "original-has-settings": (
        ERROR,
        "an original table is copied, its columns have no encoding, treatment or rebalancing",
    ),
    "sensitive-copied": (WARNING, "a sensitive column of an original table is copied unchanged"),
    "sensitive-kept": (WARNING, "the real values of a sensitive column come out"),
    "key-has-settings": (ERROR, "the values of a key are made from the key, not from an encoding or treatment"),
    "encoding-impossible": (ERROR, "the encoding does not fit the type of the column"),
    "option-unknown": (WARNING, "a column has an option that no model of Semblant knows"),
    "option-misplaced": (ERROR, "an option does not go with the encoding of its column"),
    "option-invalid": (ERROR, "an option has an impossible value"),
    "rebalance-impossible": (ERROR, "only columns of categories, truth values, numbers and dates can be rebalanced"),
    "rebalance-excluded": (ERROR, "an excluded column cannot be rebalanced"),
}
CONSTRAINTS: Final = {
    "constraint-unknown-column": (ERROR, "a constraint names a column that is not there, or is excluded"),
    "constraint-on-original": (ERROR, "an original table is copied, constraints have no effect on it"),
    "constraint-across": (ERROR, "a constraint over several tables is none that can be kept"),
    "constraint-on-key": (ERROR, "a constraint is about a key, whose values are made by the engine or by other tables"),
    "constraint-columns": (ERROR, "a constraint names too few columns, or one twice"),
    "constraint-type": (ERROR, "the columns of a constraint are of types that it cannot compare or add"),
    "constraint-bounds": (ERROR, "the bounds of a range are missing, contradict each other or do not fit the column"),
    "constraint-contradiction": (ERROR, "inequalities go round in a ring, or contradict the ranges of their columns"),
    "constraint-twice": (WARNING, "a constraint is written twice"),
}
MODEL: Final = {
    "learning-rate-adaptive": (ERROR, "a learning rate is given although it is adaptive"),
    "batch-size-automatic": (ERROR, "a batch size is given although batching is automatic"),
    "accumulation-automatic": (ERROR, "gradient accumulation is given although batching is automatic"),
    "batch-beyond-table": (WARNING, "a batch is larger than the table has training rows"),
    "accumulation-beyond-table": (WARNING, "more batches are to be added up than the training rows make"),
    "original-has-model": (ERROR, "an original table is copied, it has no model"),
    "text-settings-unused": (WARNING, "there are text settings and no column that could be text"),
}
PRIVACY: Final = {
    "privacy-several-tables": (ERROR, "tables hang on others, and rows per subject have no bound"),
    "privacy-related": (ERROR, "keys that a private run cannot learn"),
    "privacy-underdetermined": (ERROR, "neither epsilon nor the noise multiplier is given"),
    "privacy-overdetermined": (ERROR, "epsilon, noise multiplier and steps are all given"),
    "privacy-batch-by-hand": (ERROR, "clipping norm or physical batch size by hand need a batch size by hand"),
    "privacy-physical-batch": (ERROR, "the physical batch is larger than the batch"),
    "privacy-accumulation": (ERROR, "gradient accumulation does not go with privacy"),
    "privacy-seed": (ERROR, "a private run takes its randomness from the operating system"),
    "privacy-original-tables": (WARNING, "original tables are copied and not covered by epsilon"),
    "privacy-delta-large": (WARNING, "delta is not well below one over the number of subjects"),
    "privacy-in-order": (WARNING, "the tables of a private job train one after the other"),
    "privacy-strength": (INFO, "how strong the protection is, in words"),
}
PRIVACY_SUPPORT: Final = {
    "privacy-column": (ERROR, "a column of this type or treatment cannot be learned privately"),
    "privacy-encoding": (ERROR, "a private run encodes by type"),
    "privacy-constraints": (ERROR, "constraints do not go with privacy"),
    "privacy-setting-unused": (ERROR, "a setting has no place in private training"),
    "privacy-public": (ERROR, "what is declared public does not fit a table, a column or its type"),
    "privacy-total": (ERROR, "epsilon is more than all jobs on the source together may spend"),
}
GENERATION: Final = {
    "rebalance-unknown": (ERROR, "shares are given for a table or column that does not exist or is not synthesized"),
    "rebalance-not-enabled": (ERROR, "shares are given for a column without 'rebalance: true'"),
    "shares-invalid": (
        ERROR,
        "a share is not between 0 and 1, shares add up to more than 1, or a value or range does not fit its column",
    ),
    "sampling-unknown": (ERROR, "temperature or top-p is given for a table or column that is not synthesized"),
    "scale-and-records": (ERROR, "both a number of records and a scale are given"),
    "shares-empty": (ERROR, "no shares are given for a column"),
    "shares-of-child": (ERROR, "ranges or several columns of a table with a parent are to have other shares"),
    "shares-rest": (INFO, "what becomes of the values that have no share"),
    "ratio-unknown": (ERROR, "a factor is given for a table that does not exist or is not synthesized"),
    "ratio-invalid": (ERROR, "a factor for the rows of a table is not above 0"),
    "rows-unknown": (ERROR, "a number of rows is given for a table that does not exist or is not synthesized"),
    "rows-invalid": (ERROR, "a number of rows is below 1, or given for the root, or beside a factor"),
    "generation-unused": (WARNING, "settings of the generation have no effect, because nothing is generated"),
    "text-batch-unused": (WARNING, "a text batch size is given and no column could be text"),
    "report-without-data": (WARNING, "a report is wanted and nothing is generated"),
    "report-without-format": (ERROR, "a report is wanted in no format"),
    "report-format-twice": (ERROR, "a report format is named twice"),
    "report-target": (ERROR, "a column that the report should predict is not there, or is no data"),
    "holdout-share": (ERROR, "the share kept back for the report is not between 0 and 0.5"),
    "holdout-missing": (ERROR, "the holdout file is not there"),
}
DESTINATION: Final = {
    "destination-unused": (WARNING, "a destination is given and nothing is generated"),
    "destination-is-source": (ERROR, "the synthetic data would overwrite the original data"),
}

Codes = dict[str, tuple[Severity, str]]
EVERY: Final[dict[ConfigStep, tuple[Codes, ...]]] = {
    ConfigStep.SOURCE: (SOURCE,),
    ConfigStep.DATA: (DATA,),
    ConfigStep.KEYS: (KEYS, RELATIONS),
    ConfigStep.TREATMENT: (TREATMENT, CONSTRAINTS),
    ConfigStep.MODEL: (MODEL, PRIVACY, PRIVACY_SUPPORT),
    ConfigStep.GENERATION: (GENERATION,),
    ConfigStep.DESTINATION: (DESTINATION,),
}
_KNOWN: Final = {
    code: (severity, step)
    for step, groups in EVERY.items()
    for codes in groups
    for code, (severity, _) in codes.items()
}


def finding(code: str, path: str, message: str, fix: str) -> Finding:
    """Make a finding; severity and step are those of its code.

    >>> print(finding("no-tables", "tables", "every table is excluded", "include one"))
    error tables: every table is excluded. Fix: include one
    """
    severity, step = _KNOWN[code]
    return Finding(severity=severity, path=path, code=code, message=message, fix=fix, step=step)


def meanings(codes: Mapping[str, tuple[Severity, str]]) -> dict[str, str]:
    """Give the codes as a descriptor lists them."""
    return {code: f"{severity}: {meaning}" for code, (severity, meaning) in codes.items()}
