"""Settings of the text backends; light, so that listing plugins loads nothing else."""

from __future__ import annotations

from attrs import frozen

from semblant.settings import setting


@frozen(kw_only=True)
class NgramSettings:
    """Settings of the backend ``ngram``."""

    order: int = setting(5, help="longest run of tokens that is learned", ge=1, le=8)
    vocabulary: int = setting(20_000, help="words known at most; rarer ones are spelled", ge=100, le=1_000_000)
    training_characters: int = setting(
        20_000_000, help="characters learned at most per column; above, a share of the rows is taken", ge=1000
    )
    context: bool = setting(True, help="words depend on the column of few values that tells most about them")
    replay_guard: bool = setting(True, help="texts equal to a training text of few subjects are drawn again")


@frozen(kw_only=True)
class PrivateTextSettings:
    """Settings of the backend ``dp-text``."""

    order: int = setting(6, help="longest run of characters that is counted", ge=1, le=8, feature=(240,))
    characters: int = setting(
        2_000, help="characters of a subject that count at most; what it writes beyond is left out", ge=10, le=100_000
    )


@frozen(kw_only=True)
class GruSettings:
    """Settings of the backend ``gru``."""

    least_texts: int = setting(
        500, help="tables with fewer texts are left to the backend 'ngram'", ge=20, le=1_000_000, unit="texts"
    )
    pieces: int | None = setting(None, help="words and pieces of words at most; by the size", ge=64, le=65_536)
    training_characters: int = setting(
        50_000_000, help="characters learned at most per column; above, a share of the rows is taken", ge=1000
    )
    embedding: int | None = setting(None, help="width of the embeddings; by the size", ge=8, le=2048)
    hidden: int | None = setting(None, help="width of the state; by the size", ge=8, le=4096)
    layers: int | None = setting(None, help="recurrent layers; by the size", ge=1, le=4)
    window: int = setting(64, help="tokens that a training step looks at per text", ge=8, le=1024)
    peak_rate: float | None = setting(None, help="highest learning rate", gt=0, le=1)
    input_dropout: float | None = setting(
        None, help="share of embedded inputs dropped in training; 0.1, or 0.25 with few texts", ge=0, lt=1
    )
    dropout: float | None = setting(
        None, help="share of hidden units dropped in training; 0.3, or 0.5 with few texts", ge=0, lt=1
    )
    patience: int = setting(3, help="validations over which the gain is counted before it is too small", ge=1, le=1000)
    context: bool = setting(True, help="texts depend on the other columns of their row, and on its parent's")
    top_p: float | None = setting(
        None,
        help="share of the likeliest tokens that are drawn from at most; 0.98, or 0.85 with few texts, or less where "
        "the texts that validate ask for it",
        gt=0,
        le=1,
    )
    rare_words: str = setting(
        "auto",
        help="what stands for words of few subjects: 'made up', 'common' for a common word in the place of those in "
        "lower case, or auto: common where few words are rare",
        choices=("auto", "made up", "common"),
    )
    replay_guard: bool = setting(
        True, help="texts, and long runs of words, that few subjects of the training data hold are drawn again"
    )
