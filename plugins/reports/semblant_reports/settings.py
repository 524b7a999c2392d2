"""Settings of the renderers."""

from __future__ import annotations

import attrs

from semblant.settings.fields import setting


@attrs.frozen(kw_only=True)
class PdfSettings:
    """How the PDF is set."""

    fonts: tuple[str, ...] = setting(
        (),
        help="font files (TTF, OTF, TTC) for characters that the built-in DejaVu Sans lacks, such as "
        "Chinese or emoji; those of the extra 'fonts' and of the system are tried after them",
    )
    paper: str = setting("A4", help="size of the page", choices=("A4", "Letter"))
