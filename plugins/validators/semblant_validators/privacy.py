"""Step *model*, differential privacy: the settings determine the run and go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from semblant.relations import LinkKind, links_of, parent_link
from semblant.settings import AUTO
from semblant.settings.path import dotted
from semblant_validators.codes import finding
from semblant_validators.view import View

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.components import NoSettings
    from semblant.findings import Finding
    from semblant.schema import Schema
    from semblant.spec.model import Spec
    from semblant.spec.training import PrivacySpec

_STRONG, _MEDIUM = 1.0, 10.0
_SAFE_DELTA_TIMES_SUBJECTS = 0.1
_FIXED_AT_MOST = 2


@frozen
class PrivacyValidator:
    """Of epsilon, noise and steps at most two are given; batches fit; the subjects, and what they add, are clear."""

    settings: NoSettings

    def check(self, spec: Spec, schema: Schema) -> list[Finding]:
        """Give all findings; none when the spec asks for no privacy."""
        if spec.privacy is None:
            return []
        view = View(spec, schema)
        return [
            *_tables(view, spec.privacy),
            *_related(view),
            *_determined(spec.privacy),
            *_batches(spec, spec.privacy),
            *_randomness(spec),
            *_in_order(spec),
            *_delta(view, spec.privacy),
            *_strength(spec.privacy),
        ]


def _tables(view: View, privacy: PrivacySpec) -> Iterator[Finding]:
    names = [table.name for table in view.synthesized]
    if not names:
        message = "privacy needs a table that is not original, here is none"
        yield finding("privacy-several-tables", "privacy", message, "synthesize a table, or remove the section")
    elif len(names) > 1 and privacy.rows_per_subject is None:
        message = (
            f"{len(names)} tables are synthesized ({', '.join(names)}) and nobody says how many rows of them a subject "
            "may contribute: no noise hides any number of rows"
        )
        fix = "write the rows that most subjects have at most; further ones are left out; or exclude the other tables"
        yield finding("privacy-several-tables", "privacy.rows_per_subject", message, fix)
    for name in sorted(view.originals):
        message = f"'{name}' is copied unchanged: its rows are not covered by epsilon"
        yield finding("privacy-original-tables", "privacy", message, "exclude it if its rows tell of people")


def _related(view: View) -> Iterator[Finding]:
    """Find keys that a private run cannot learn: it knows one key per table, to the table above."""
    words = {
        LinkKind.LOOKUP: "rows that refer to a copied table",
        LinkKind.MATCH: "a second key to a synthesized table",
        LinkKind.SELF: "a key to rows of the same table",
    }
    alone = len(view.synthesized) == 1
    roots = [table.name for table in view.synthesized if parent_link(table, view.originals) is None]
    for name in roots[1:]:
        message = f"'{name}' and '{roots[0]}' are both at the top: whose rows are the subjects cannot be told"
        fix = "give it a foreign key to the other, exclude it, or make a job of its own"
        yield finding("privacy-related", dotted("tables", name), message, fix)
    for table in view.synthesized:
        for link in links_of(table, view.originals):
            if link.kind is LinkKind.PARENT or (alone and link.kind is LinkKind.LOOKUP):
                continue
            if link.kind is LinkKind.LOOKUP and table.name in roots:
                continue
            message = f"'{table.name}' has {words[link.kind]} ({link.name}), which cannot be learned privately yet"
            fix = f"exclude the column '{link.key.columns[0]}', or the table"
            yield finding("privacy-related", dotted("tables", table.name, "foreign_keys"), message, fix)


def _determined(privacy: PrivacySpec) -> Iterator[Finding]:
    given = [name for name in ("epsilon", "noise_multiplier", "steps") if getattr(privacy, name) is not None]
    if len(given) > _FIXED_AT_MOST:
        message = "epsilon, noise multiplier and steps are all given; the third follows from the other two"
        yield finding("privacy-overdetermined", "privacy", message, "remove one of them; it is computed and shown")
    elif not {"epsilon", "noise_multiplier"} & set(given):
        message = "neither epsilon nor the noise multiplier is given" + (
            ", the steps alone decide nothing" if given else ""
        )
        yield finding("privacy-underdetermined", "privacy.epsilon", message, "write epsilon: 1 for strong protection")


def _batches(spec: Spec, privacy: PrivacySpec) -> Iterator[Finding]:
    model = spec.model
    by_hand = not model.auto_batching and model.batch_size != AUTO
    for name in ("max_gradient_norm", "max_physical_batch_size"):
        if getattr(privacy, name) != AUTO and not by_hand:
            message = f"{name} is set by hand, the batch size is not"
            fix = "write model.auto_batching: false and model.batch_size, or remove it"
            yield finding("privacy-batch-by-hand", f"privacy.{name}", message, fix)
    physical = privacy.max_physical_batch_size
    if by_hand and physical != AUTO and int(physical) > int(model.batch_size):
        message = f"the physical batch ({physical}) is larger than the batch ({model.batch_size})"
        yield finding(
            "privacy-physical-batch", "privacy.max_physical_batch_size", message, f"at most {model.batch_size}"
        )
    if model.gradient_accumulation != AUTO:
        message = "gradient accumulation does not go with privacy: batches are drawn anew at each step"
        fix = "remove it; privacy.max_physical_batch_size limits the memory"
        yield finding("privacy-accumulation", "model.gradient_accumulation", message, fix)


def _randomness(spec: Spec) -> Iterator[Finding]:
    if spec.seed != 0:
        message = f"seed {spec.seed} is given; whoever knows the seed can take the noise away again"
        yield finding(
            "privacy-seed", "seed", message, "remove it: a private run takes entropy from the operating system"
        )


def _in_order(spec: Spec) -> Iterator[Finding]:
    if spec.tables_at_once not in (AUTO, 1):
        message = f"{spec.tables_at_once} tables are to train at once; a private job trains one after the other"
        yield finding("privacy-in-order", "tables_at_once", message, "remove it: all releases go through one account")


def _delta(view: View, privacy: PrivacySpec) -> Iterator[Finding]:
    subjects = privacy.subjects or next((t.rows for t in view.synthesized if t.name in view.graph.roots), None)
    if privacy.delta != AUTO and subjects and float(privacy.delta) * subjects > _SAFE_DELTA_TIMES_SUBJECTS:
        message = f"delta {privacy.delta:g} is not well below 1/{subjects:,}, one over the number of subjects"
        fix = f"at most {_SAFE_DELTA_TIMES_SUBJECTS / subjects:.1g}, or auto"
        yield finding("privacy-delta-large", "privacy.delta", message, fix)


def _strength(privacy: PrivacySpec) -> Iterator[Finding]:
    words = "at most 1 is strong, at most 10 medium, above weak"
    if privacy.epsilon is not None:
        message = f"epsilon {privacy.epsilon:g} is {strength(privacy.epsilon)} protection"
        yield finding("privacy-strength", "privacy.epsilon", message, words)
    elif privacy.noise_multiplier is not None:
        message = "epsilon follows from the noise, the steps and the number of subjects; it is shown before training"
        yield finding("privacy-strength", "privacy.noise_multiplier", message, words)


def strength(epsilon: float) -> str:
    """Say in a word how strong an epsilon protects.

    >>> [strength(epsilon) for epsilon in (1, 10, 10.5)]
    ['strong', 'medium', 'weak']
    """
    return "strong" if epsilon <= _STRONG else "medium" if epsilon <= _MEDIUM else "weak"
