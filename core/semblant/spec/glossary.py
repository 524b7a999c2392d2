"""The words that code, commands, documents and pages use, each with its one meaning."""

from __future__ import annotations

from typing import Final

WORDS: Final[dict[str, str]] = {
    "source": "a plugin that reads a set of tables (files, a database, object storage, application storage)",
    "destination": "a plugin that writes a set of tables; all of them become visible together or not at all",
    "connector": "a saved source or destination with its connection settings; secrets only by reference "
    "(`env:NAME`, `file:/path`, `keyring:NAME`)",
    "catalog": "a saved spec for a source: which tables and columns, keys, treatments, settings; the template for jobs",
    "spec": "the YAML document that says everything about a generator: source, tables, keys, treatments, model, "
    "generation, report, destination",
    "generator": "the trained artefact: models and metadata, no training rows; original tables are packed apart under "
    "`original/`, listed as copied and not protected",
    "seed": "a random number, always; `--seed N` makes a run repeatable",
    "given rows": "rows to start from (`--given FILE`); *generate with seed* is only the label of that type of job",
    "synthetic dataset": "what a generator produced: tables, report, settings, logs",
    "job": "one run that trains and/or generates; types: ad hoc, catalog, "
    "generate with subject count, generate with seed",
    "task": "a part of a job: per table *synthesizing table* and *generating text*, then *packaging* "
    "and *quality report*",
    "step": "a part of a task: organizing data, data analysis, transforming data, AI training, generating",
    "store": "the database of connectors, catalogs, jobs and quotas: SQLite in the home, or PostgreSQL",
    "worker": "a process that does the jobs that wait (`semblant worker`); it supervises a child process per job",
    "attempt": "one try at a job by a runner; another one begins where the steps before it had ended",
    "quota": "a limit of rows, jobs at a time, storage or processor time, of one user or of all together",
    "root table": "the one table, original tables apart, that has no foreign key to another synthesized table; "
    "its rows are the subjects",
    "subject": "what a row of the root table stands for, mostly a person; rows of other tables belong to one",
    "original table": "a lookup table that is copied unchanged; it needs at least one inbound foreign key and never "
    "counts as a root",
    "context": "what a child row is conditioned on: its parent row, the parent's ancestors, its earlier siblings, the "
    "original rows that it points to",
    "treatment": "what becomes of a table (synthesize, original) or of a column's values (synthesize, keep)",
    "sensitive": "said of a column that holds personal data; proposed with a reason, decided by the user",
    "encoding type": "how a column is turned into tokens",
    "token": "one integer code; each column becomes one or more tokens of small cardinality",
    "holdout": "rows that the generator never sees; the report compares with them what is only remembered",
    "finding": "a remark of a check on a spec: severity, path, code, message and how to mend it",
    "backend": "a plugin that learns tables (`tabular`) or texts (`text`)",
}
"""Per word its meaning, as Markdown."""


def glossary() -> str:
    """Write the glossary as Markdown.

    >>> glossary().splitlines()[0]
    '# Glossary'
    """
    lines = ["# Glossary", "", "The same words are used in the code, the commands, the documents and the pages.", ""]
    lines += ["| word | meaning |", "|---|---|"]
    lines += [f"| {word} | {meaning} |" for word, meaning in sorted(WORDS.items())]
    return "\n".join(lines) + "\n"
