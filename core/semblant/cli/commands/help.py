"""``semblant help``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from semblant.cli.options import command as make

if TYPE_CHECKING:
    from semblant.cli.session import Session


@make("help", "Explain what went wrong, by its code, and say where to ask.")
@click.argument("code", required=False)
def command(session: Session, *, code: str | None) -> None:
    """Explain an error by the code at its end: what it means, what helps, and where to ask when it does not."""
    from semblant.cli.pages import PAGES, ask, page_of

    if code is None:
        if session.as_json:
            session.document([{"code": name, "meaning": page.meaning} for name, page in sorted(PAGES.items())])
            return
        from semblant.cli.show.text import pairs

        session.say(pairs([(name, page.meaning) for name, page in sorted(PAGES.items())]), "", f"ask: {ask()}")
        return
    page = page_of(code)
    if session.as_json:
        session.document({"code": code, "meaning": page.meaning, "helps": list(page.helps), "ask": ask()})
        return
    from semblant.cli.show.text import heading

    session.say(heading(f"{code}: {page.meaning}"), *(f"- {line}" for line in page.helps))
    session.say(f"ask: {ask()}; add what 'semblant doctor --json' prints")
