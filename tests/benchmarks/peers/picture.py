"""Quality against training time, one mark per system and data set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def picture(found: list[dict[str, Any]], path: Path) -> None:
    """Write an SVG: seconds of training (logarithmic) against C2ST; nothing where no row has both."""
    rows = [row for row in found if row.get("fit_seconds") and row.get("c2st")]
    if not rows:
        return
    import altair as alt

    data = [{k: row[k] for k in ("data", "system", "fit_seconds", "c2st")} for row in rows]
    chart = (
        alt.Chart(alt.Data(values=data), width=180, height=180)
        .mark_point(filled=True, size=80)
        .encode(
            x=alt.X("fit_seconds:Q", scale=alt.Scale(type="log"), title="training, seconds"),
            y=alt.Y("c2st:Q", scale=alt.Scale(domain=[0.5, 1.0]), title="C2ST (0.5 cannot be told apart)"),
            color=alt.Color("system:N", scale=alt.Scale(scheme="tableau10")),
            shape="system:N",
        )
        .facet("data:N", columns=4)
    )
    chart.save(str(path))
