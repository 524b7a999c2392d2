"""The words that spec, engine and plugins share."""

from __future__ import annotations

import enum


class EncodingType(enum.StrEnum):
    """How a column is turned into tokens; detected with a reason, overridable in the spec."""

    CATEGORICAL = "categorical"
    BOOLEAN = "boolean"
    NUMBER = "number"
    INTEGER = "integer"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    DURATION = "duration"
    LATITUDE = "latitude"
    LONGITUDE = "longitude"
    PATTERN = "pattern"
    IDENTIFIER = "identifier"
    TEXT = "text"
    JSON = "json"
    LIST = "list"
    STRUCT = "struct"
    BINARY = "binary"


class Role(enum.StrEnum):
    """What a column is for in its table."""

    FEATURE = "feature"
    PRIMARY_KEY = "primary_key"
    FOREIGN_KEY = "foreign_key"


class TableTreatment(enum.StrEnum):
    """What becomes of a table: learned and made anew, or copied unchanged."""

    SYNTHESIZE = "synthesize"
    ORIGINAL = "original"


class ColumnTreatment(enum.StrEnum):
    """What becomes of a column's values.

    ``synthesize``: learned and made anew, rare values and extremes protected.
    ``keep``: learned, but every real value may come out, rare ones and extremes included.
    """

    SYNTHESIZE = "synthesize"
    KEEP = "keep"


class ModelSize(enum.StrEnum):
    """Capacity of a model."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class Goal(enum.StrEnum):
    """What training is to favour."""

    ACCURACY = "accuracy"
    SPEED = "speed"


class WriteMode(enum.StrEnum):
    """What to do with tables that the destination already has."""

    FAIL = "fail"
    REPLACE = "replace"
    APPEND = "append"
    TRUNCATE = "truncate"
