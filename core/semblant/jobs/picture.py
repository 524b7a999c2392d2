"""The training history as a picture: an SVG of the losses of each table, drawn here so that nothing else is needed."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_WIDTH: Final = 640
_HEIGHT: Final = 220
_LEFT: Final = 64
_RIGHT: Final = 16
_TOP: Final = 34
_BOTTOM: Final = 30
_LINES: Final = (("loss", "#4c78a8", ""), ("validation_loss", "#e45756", "6 3"))


def history_picture(history: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    """Draw training and validation loss over the epochs, a panel per table.

    :param history: per table its validations in order, each with ``epoch`` and the losses.

    >>> picture = history_picture({"a": [{"epoch": 1, "loss": 2.0, "validation_loss": 2.1}]})
    >>> picture.startswith("<svg") and picture.rstrip().endswith("</svg>")
    True
    """
    height = _HEIGHT * max(1, len(history))
    size = f'width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
    ]
    for number, (name, entries) in enumerate(history.items()):
        parts += [f'<g transform="translate(0 {number * _HEIGHT})">', *_panel(name, entries), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _panel(name: str, entries: Sequence[Mapping[str, float]]) -> Iterator[str]:
    yield f'<text x="{_LEFT}" y="18" font-weight="bold">{html.escape(name)}</text>'
    values = [entry[key] for entry in entries for key, _, _ in _LINES if key in entry]
    if not values:
        yield f'<text x="{_LEFT}" y="{_HEIGHT // 2}">no training was recorded</text>'
        return
    epochs = [entry["epoch"] for entry in entries]
    low, high, last = min(values), max(values), max(*epochs, 1e-9)
    high = high if high > low else low + 1.0
    across, down = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def place(epoch: float, value: float) -> str:
        return f"{_LEFT + across * epoch / last:.1f},{_TOP + down * (high - value) / (high - low):.1f}"

    for value, at in ((high, _TOP), (low, _TOP + down)):
        yield f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at}" y2="{at}" stroke="#ddd"/>'
        yield f'<text x="{_LEFT - 6}" y="{at + 4}" text-anchor="end">{value:.3g}</text>'
    yield f'<text x="{_LEFT}" y="{_HEIGHT - 10}">0</text>'
    yield f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 10}" text-anchor="end">epoch {last:.4g}</text>'
    for number, (key, colour, dashes) in enumerate(_LINES):
        points = [place(entry["epoch"], entry[key]) for entry in entries if key in entry]
        if not points:
            continue
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        yield f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="2"{dashed}/>'
        words = key.replace("_", " ")
        at = _WIDTH - _RIGHT - 230 + 100 * number
        yield f'<line x1="{at}" x2="{at + 18}" y1="14" y2="14" stroke="{colour}" stroke-width="2"{dashed}/>'
        yield f'<text x="{at + 22}" y="18">{words}</text>'
