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
