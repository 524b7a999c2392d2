"""The default models of Semblant; what each offers is listed here, nothing heavy is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

from semblant.components import ModelType
from semblant_models.settings import ColumnArSettings, MarginalSettings
from semblant_models.text.settings import GruSettings, NgramSettings, PrivateTextSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

_hookimpl = pluggy.HookimplMarker("semblant")

_TABULAR = ModelType(
    name="column-ar",
    factory="semblant_models.tabular.backend:ColumnArBackend",
    summary="a small network per token, given all earlier ones; exact likelihood, seconds to minutes without a GPU",
    settings=ColumnArSettings,
    requires=("jax", "optax", "safetensors"),
    extra="models",
    learns="tabular",
    preference=100,
    estimate="semblant_models.tabular.estimate:estimate",
    account="semblant_models.privacy.opening:open_account",
    suits="semblant_models.privacy.choice:gradients",
    capabilities={
        "context": True,
        "sequences": True,
        "matching": True,
        "conditions": True,
        "privacy": True,
        "private_steps": True,
        "checkpointing": True,
        "log_prob": True,
        "threads": True,
        "encodings": (
            "categorical",
            "boolean",
            "number",
            "integer",
            "date",
            "datetime",
            "time",
            "duration",
            "latitude",
            "longitude",
            "pattern",
            "identifier",
            "json",
            "list",
            "struct",
        ),
    },
)

_GRU = ModelType(
    name="gru",
    factory="semblant_models.text.gru.backend:GruBackend",
    summary="free text by a small recurrent network, given the row; minutes without a GPU",
    settings=GruSettings,
    requires=("jax", "optax", "safetensors", "tokenizers"),
    extra="models",
    learns="text",
    preference=100,
    estimate="semblant_models.text.estimate:estimate",
    capabilities={
        "context": True,
        "sequences": False,
        "conditions": True,
        "privacy": False,
        "checkpointing": True,
        "log_prob": True,
        "threads": True,
        "encodings": ("text",),
    },
)

_MARGINAL = ModelType(
    name="dp-marginal",
    factory="semblant_models.marginal.backend:MarginalBackend",
    summary="noisy marginals and a graphical model that fits them: differential privacy at small budgets, in seconds",
    settings=MarginalSettings,
    requires=("numpy", "dp_accounting", "cryptography", "safetensors"),
    account="semblant_models.privacy.opening:open_account",
    suits="semblant_models.privacy.choice:marginals",
    extra="models",
    learns="tabular",
    preference=50,
    capabilities={
        "context": True,
        "lookups": False,
        "sequences": False,
        "conditions": True,
        "privacy": True,
        "private_parts": True,
        "checkpointing": False,
        "log_prob": True,
        "encodings": (
            "categorical",
            "boolean",
            "number",
            "integer",
            "date",
            "datetime",
            "time",
            "duration",
            "latitude",
            "longitude",
        ),
    },
)

_NGRAM = ModelType(
    name="ngram",
    factory="semblant_models.text.ngram.backend:NgramBackend",
    summary="free text by a protected back-off model over words and letters; seconds, no training steps",
    settings=NgramSettings,
    requires=("numpy",),
    learns="text",
    preference=10,
    estimate="semblant_models.text.estimate:estimate_few",
    capabilities={
        "context": False,
        "sequences": False,
        "conditions": True,
        "privacy": False,
        "checkpointing": False,
        "log_prob": True,
        "threads": True,
        "encodings": ("text",),
    },
)

_PRIVATE_TEXT = ModelType(
    name="dp-text",
    factory="semblant_models.text.private.backend:PrivateTextBackend",
    summary="free text under differential privacy: noisy counts of runs of characters, in seconds",
    settings=PrivateTextSettings,
    requires=("numpy", "dp_accounting", "cryptography", "safetensors"),
    account="semblant_models.privacy.opening:open_account",
    extra="models",
    learns="text",
    preference=5,
    capabilities={
        "context": False,
        "sequences": False,
        "conditions": False,
        "privacy": True,
        "private_parts": True,
        "checkpointing": False,
        "log_prob": True,
        "encodings": ("text",),
    },
)


@_hookimpl
def semblant_models() -> Sequence[ModelType]:
    """Offer the models of tables, that of texts, its fallback and the one under a budget."""
    return (_TABULAR, _MARGINAL, _GRU, _NGRAM, _PRIVATE_TEXT)
