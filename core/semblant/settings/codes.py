"""The codes of findings that the core makes, each with its meaning; ``spec/findings.md`` is made from here.

Plugins document their own codes: a validator's descriptor carries them as
``capabilities={"findings": {code: meaning}}``.
"""

from __future__ import annotations

from typing import Final

from semblant.findings import Finding, Severity

CODES: Final[dict[str, str]] = {
    "unknown-key": "a section of the spec has a key that does not belong there",
    "missing-key": "a key that has no default is not given",
    "wrong-type": "a value is of another kind than its key needs",
    "out-of-bounds": "a number lies outside of its limits",
    "unknown-choice": "a word is none of those that are possible here",
    "wrong-length": "a list has more or fewer entries than it must have",
    "invalid-value": "the component whose setting it is refuses the value",
    "plain-secret": "a password or token stands in the spec itself",
    "unknown-connector": "no connector is saved under the name, or it cannot be used here",
    "secret-not-found": "a reference to a secret leads nowhere",
    "duplicate-key": "a key stands twice in one section",
    "syntax": "the text is neither YAML 1.2 nor JSON",
    "tag": "a YAML tag; values are plain",
    "too-deep": "the text is nested too deeply",
    "too-large": "anchors expand to too many values",
    "recursive-anchor": "an anchor holds itself",
    "bad-override": "a --set or an environment variable cannot be read or placed",
    "bad-name": "a name cannot be used for a generator",
    "wrong-kind": "a component exists, but does another kind of work",
    "unknown-component": "no installed plugin offers the name",
    "duplicate-component": "two plugins offer the name",
    "missing-dependency": "the plugin is there, a package that it needs is not",
    "plugin": "a plugin is at fault",
    "config": "the component whose setting it is refuses the settings",
}

DATA_CODES: Final[dict[str, str]] = {
    "primary-key-column": "error: the primary key names a column that is not there",
    "primary-key-null": "error: a column of the primary key has missing values",
    "primary-key-repeated": "error: rows share one value of the primary key",
    "too-few-rows": "error: a table has too few rows to learn from",
    "few-rows": "warning: a table has few rows, the result will be poor",
    "no-rows": "info: a table has no rows",
    "many-columns": "warning: a table has very many columns",
    "sparse-categories": "warning: a column has many categories with few rows each",
    "wide-for-rows": "warning: a table has few rows for its many columns",
    "weak-key": "warning: a foreign key that was found in the data is not certain",
    "long-training": "warning: reading, training and generating will take more than half an hour",
    "much-memory": "warning: training will need more memory than is free",
    "empty-column": "info: a column has no values",
    "constant-column": "info: a column has one value only",
    "duplicate-rows": "info: rows occur more than once",
    "small-lookup": "info: an original table is very small",
    "people-copied": "error: an original table looks like people and nobody said that it may come out",
    "second-root": "info: detection proposes more than one table without parents",
    "sdv-metadata": "error: metadata of SDV describe a table or column that the data do not have",
    "context-not-learned": "error: the chosen model backend learns no rows given those of another table",
    "privacy-no-steps": "error: a setting of private training steps is given, the chosen backend has no steps",
    "privacy-backend": "error: the chosen model backend keeps no privacy budget",
    "encoding-not-learned": "error: the chosen model backend cannot learn a column of this encoding",
    "sensitive-synthesized": "info: sensitive columns whose rare values and extremes do not come out",
    "nested-too-deep": "error: a nested column has too many levels inside each other",
    "nested-too-wide": "error: a nested column becomes too many fields when it is taken apart",
    "nested-too-long": "error: lists inside a column are too long; a warning where only few are, which are cut",
    "nested-bytes": "error: there are bytes inside a nested column",
    "nested-free-text": "warning: free text inside a nested column keeps its form only",
    "constraint-broken": "warning: rows of the data break a constraint",
    "constraint-against-data": "error: most rows of the data break a constraint",
    "constraint-on-text": "error: a constraint is about a column of free text",
    "constraint-rare-combinations": "warning: many rows hold combinations too rare to come out",
    "constraint-few-values": "error: a unique column takes too few values",
    "table-gone": "error: a table that the job was configured for is gone",
    "table-new": "error: there is a table that the job was not configured for",
    "column-gone": "error: a column that the job was configured for is gone",
    "column-new": "error: there is a column that the job was not configured for",
    "column-retyped": "error: a column has another type than when the job was configured",
    "validator-failed": "warning: a validator raised instead of answering",
}
"""What is found when the data themselves are looked at, by :mod:`semblant.detection`; severity first."""


def fault(code: str, path: str, message: str, fix: str, line: int | None = None) -> Finding:
    """Make an error of the core; only documented codes can be made.

    >>> fault("syntax", "spec", "is not YAML", "see yaml.org").code
    'syntax'
    """
    if code not in CODES:
        msg = f"the finding code '{code}' is not documented in {__name__}"
        raise KeyError(msg)
    return Finding(severity=Severity.ERROR, path=path, code=code, message=message, fix=fix, line=line)
