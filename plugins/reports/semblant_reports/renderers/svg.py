"""Charts as vector drawings: shapes apart from their labels.

Vega draws a chart as SVG. The labels are taken out, so that each renderer writes them with its own
fonts: shaped, in the right direction, with glyphs from a fallback font where need be.
"""

from __future__ import annotations

import json
import re
import threading
from functools import lru_cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SVG = "http://www.w3.org/2000/svg"
VEGA_LITE = "5.20"
_STEP = re.compile(r"(translate|rotate|scale)\(([^)]*)\)")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u2028\u2029]")
_SHAPES = {"path", "rect", "circle"}
_registered = threading.Event()


@frozen(kw_only=True)
class Label:
    """A text of a drawing: its anchor in pixels from the upper left, and how it is set."""

    text: str
    x: float
    y: float
    size: float
    angle: float
    """Degrees, clockwise."""
    anchor: str
    """``start``, ``middle`` or ``end``."""
    colour: str
    bold: bool


@frozen(kw_only=True)
class Drawing:
    """A chart: its size in pixels, its shapes as SVG, its labels."""

    width: float
    height: float
    shapes: bytes
    labels: tuple[Label, ...]


def svg_of(spec: Mapping[str, Any]) -> str:
    """Draw a Vega-Lite chart as SVG, with nothing from the network; formats of one report share the drawings."""
    return _drawn(json.dumps(drawable(spec)))


@lru_cache(maxsize=256)
def _drawn(spec: str) -> str:
    """Draw a chart that is written as JSON."""
    import vl_convert

    if not _registered.is_set():
        with as_file(files("semblant_reports") / "fonts") as folder:
            vl_convert.register_font_directory(str(folder))
        _registered.set()
    return str(vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE, allowed_base_urls=[]))


def drawable(value: Any, visible: Callable[[str], str] = str) -> Any:
    r"""Give a chart whose texts hold no control characters: SVG cannot, and the drawing library would abort.

    >>> drawable({"title": "a\x00b\nc"})
    {'title': 'a b c'}
    """
    if isinstance(value, str):
        return visible(_CONTROL.sub(" ", value))
    if isinstance(value, dict):
        return {drawable(name, visible): drawable(inner, visible) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [drawable(inner, visible) for inner in value]
    return value


def drawing_of(spec: Mapping[str, Any], visible: Callable[[str], str] = str) -> Drawing:
    """Draw a Vega-Lite chart and take its labels apart; ``visible`` writes texts as they can be set."""
    root = ET.fromstring(svg_of(drawable(spec, visible)))  # noqa: S314 - our own drawing, not a file of others
    labels: list[Label] = []
    _walk(root, (1.0, 0.0, 0.0, 1.0, 0.0, 0.0), labels)
    ET.register_namespace("", SVG)
    return Drawing(
        width=float(root.get("width", "0")),
        height=float(root.get("height", "0")),
        shapes=ET.tostring(root),
        labels=tuple(labels),
    )


Matrix = tuple[float, float, float, float, float, float]


def _walk(element: ET.Element, matrix: Matrix, labels: list[Label]) -> None:
    """Take texts out, and mend what strict readers of SVG refuse."""
    for child in list(element):
        name = child.tag.rpartition("}")[2]
        inner = _moved(matrix, child.get("transform", ""))
        if name == "text":
            _take(child, inner, labels)
            element.remove(child)
        elif (
            (name == "path" and not child.get("d", "").lstrip().lower().startswith("m"))
            or child.get("opacity") == "0"
            or child.get("display") == "none"
        ):
            element.remove(child)
        else:
            if name == "line":
                for side in ("x1", "y1", "x2", "y2"):
                    child.set(side, child.get(side, "0"))
            elif name in _SHAPES and child.get("stroke") is None:
                child.set("stroke", "none")  # or a reader may take the colour that was used before
            _walk(child, inner, labels)


def _take(element: ET.Element, matrix: Matrix, labels: list[Label]) -> None:
    """Keep a text that is to be seen; lines of one text follow each other."""
    if element.get("opacity") == "0" or element.get("display") == "none":
        return
    import math

    parts = (
        [(part.text or "", float(part.get("dy", "0")) * place) for place, part in enumerate(element)]
        if len(element)
        else [(element.text or "", 0.0)]
    )
    a, b, c, d, e, f = matrix
    for text, below in parts:
        if not text.strip():
            continue
        x, y = float(element.get("x", "0")), float(element.get("y", "0")) + below
        labels.append(
            Label(
                text=text,
                x=a * x + c * y + e,
                y=b * x + d * y + f,
                size=float(element.get("font-size", "10").removesuffix("px")),
                angle=math.degrees(math.atan2(b, a)),
                anchor=element.get("text-anchor", "start"),
                colour=element.get("fill", "#000000"),
                bold=element.get("font-weight") in {"bold", "700"},
            )
        )


def _moved(matrix: Matrix, transform: str) -> Matrix:
    """Apply a list of translations, rotations and scalings."""
    import math

    for name, numbers in _STEP.findall(transform):
        values = [float(number) for number in re.split(r"[\s,]+", numbers.strip())]
        if name == "translate":
            step = (1.0, 0.0, 0.0, 1.0, values[0], values[1] if len(values) > 1 else 0.0)
        elif name == "scale":
            step = (values[0], 0.0, 0.0, values[-1], 0.0, 0.0)
        else:
            cosine, sine = math.cos(math.radians(values[0])), math.sin(math.radians(values[0]))
            step = (cosine, sine, -sine, cosine, 0.0, 0.0)
        a, b, c, d, e, f = matrix
        g, h, i, j, k, m = step
        matrix = (a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * m + e, b * k + d * m + f)
    return matrix
