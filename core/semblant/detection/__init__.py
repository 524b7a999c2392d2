"""Finding out what a source holds: profiles, encodings, keys, personal columns, roles of tables."""

from __future__ import annotations

from semblant.detection.detect import detect
from semblant.detection.model import ColumnDetection, Detection, TableDetection

__all__ = ["ColumnDetection", "Detection", "TableDetection", "detect"]
