"""The report as JSON, by the schema that :func:`schema` gives."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from semblant.atomic import atomic_write
from semblant.report.blocks import Tone
from semblant_reports.renderers.findings import headline

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.components import NoSettings
    from semblant.report.document import ReportDocument

FORMAT = 1
_TONES = tuple(tone.value for tone in Tone)


class JsonRenderer:
    """Writes the figures of all sections."""

    def __init__(self, settings: NoSettings) -> None:
        """Take no settings."""

    def render(self, report: ReportDocument, path: Path) -> None:
        """Write ``path`` atomically, UTF-8, numbers that are not finite as null."""
        text = json.dumps(document(report), ensure_ascii=False, indent=1, allow_nan=False) + "\n"
        with atomic_write(path) as file:
            file.write(text.encode())


def document(report: ReportDocument) -> dict[str, Any]:
    """Give the report as plain data."""
    said = headline(report).said
    return {
        "format": FORMAT,
        "title": report.title,
        "subtitle": report.subtitle,
        "created": report.created,
        "version": report.version,
        "facts": dict(report.facts),
        "in_short": None if said is None else {"tone": said.tone.value, "text": said.text},
        "verdicts": [
            {"section": said.section, "table": said.table, "tone": said.tone.value, "text": said.text}
            for said in report.verdicts
        ],
        "sections": [
            {
                "name": section.name,
                "title": section.title,
                "left_out": section.left_out or None,
                "figures": _finite(dict(section.figures)),
            }
            for section in report.sections
        ],
    }


def schema() -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of the file; sections of other plugins have figures of their own.

    >>> schema()["properties"]["format"]
    {'const': 1}
    """
    share = {"type": ["number", "null"]}
    depths = {
        "type": ["object", "null"],
        "properties": dict.fromkeys(("overall", "univariate", "bivariate", "trivariate"), share),
    }
    summary = {
        "type": "object",
        "required": ["scores", "intervals", "accuracy", "ceiling", "detection", "nearer_to_training", "tables"],
        "properties": {
            "scores": {"type": "object", "additionalProperties": {"type": "number"}},
            "intervals": {
                "type": "object",
                "description": "95% intervals of the scores, by the same names",
                "additionalProperties": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
            },
            "accuracy": depths | {"description": "overlap with the training rows, mean over tables"},
            "ceiling": depths | {"description": "what the holdout reaches"},
            "answers": {
                "type": "array",
                "description": "three questions and their answers: fidelity, utility, privacy",
                "items": {"type": "object", "required": ["about", "question", "tone", "text"]},
            },
            "to_do": {"type": "array", "description": "what to do, the gravest first", "items": {"type": "string"}},
            "detection": share | {"description": "AUC of a classifier; 0.5 is best"},
            "nearer_to_training": {
                "type": ["object", "null"],
                "description": "share of synthetic rows nearer to a training than to a holdout row, of the table "
                "where it is highest",
            },
            "tables": {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "required": ["rows", "accuracy", "ceiling", "detection", "copying", "worst"],
                },
            },
        },
    }
    per_table = {
        "type": "object",
        "required": ["tables"],
        "properties": {"tables": {"type": "array", "items": {"type": "object", "required": ["table"]}}},
    }
    known = {
        "summary": summary,
        "data": per_table,
        "univariate": per_table,
        "bivariate": per_table,
        "trivariate": per_table,
        "phik": per_table,
        "missing": per_table,
        "history": per_table,
        "relational": {
            "type": "object",
            "required": ["relations"],
            "properties": {
                "relations": {
                    "type": "array",
                    "items": {"type": "object", "required": ["child", "columns", "parent", "note", "integrity"]},
                }
            },
        },
        "constraints": {
            "type": "object",
            "required": ["rules"],
            "properties": {
                "rules": {
                    "type": "array",
                    "items": {"type": "object", "required": ["table", "rule", "original", "synthetic"]},
                }
            },
        },
        "utility": per_table,
        "privacy": per_table,
        "detection": per_table,
        "neighbours": per_table,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Semblant quality report",
        "type": "object",
        "required": ["format", "title", "created", "version", "facts", "verdicts", "sections"],
        "properties": {
            "format": {"const": FORMAT},
            "title": {"type": "string"},
            "subtitle": {"type": "string"},
            "created": {"type": "string", "format": "date-time"},
            "version": {"type": "string"},
            "facts": {"type": "object", "additionalProperties": {"type": "string"}},
            "in_short": {
                "type": ["object", "null"],
                "description": "whether the data can be used, in one sentence",
                "required": ["tone", "text"],
                "properties": {"tone": {"enum": list(_TONES)}, "text": {"type": "string"}},
            },
            "verdicts": {
                "type": "array",
                "description": "what the sections say in one sentence each",
                "items": {
                    "type": "object",
                    "required": ["section", "table", "tone", "text"],
                    "properties": {
                        "section": {"type": "string"},
                        "table": {"type": "string", "description": "empty when it is about all tables"},
                        "tone": {"enum": list(_TONES)},
                        "text": {"type": "string"},
                    },
                },
            },
            "sections": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["name", "title", "left_out", "figures"],
                    "properties": {
                        "name": {"type": "string"},
                        "title": {"type": "string"},
                        "left_out": {"type": ["string", "null"], "description": "why there are no figures"},
                        "figures": {"type": "object"},
                    },
                    "allOf": [
                        {
                            "if": {"properties": {"name": {"const": name}, "left_out": {"type": "null"}}},
                            "then": {"properties": {"figures": figures}},
                        }
                        for name, figures in known.items()
                    ],
                },
            },
        },
    }


def _finite(value: Any) -> Any:
    """Replace what JSON cannot say."""
    if isinstance(value, dict):
        return {str(name): _finite(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
