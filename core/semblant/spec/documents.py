"""The documents in ``spec/`` that are made from the code: ``python -m semblant.spec.documents spec``.

Only what the distribution itself brings is documented; ``semblant schema`` shows what is installed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from semblant.cli.pages import errors_reference
from semblant.host import PluginHost
from semblant.jobs.states import states_reference
from semblant.spec.glossary import glossary
from semblant.spec.reference import findings_reference, hooks_reference, settings_reference
from semblant.spec.schema import spec_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

_MADE = "<!-- Made by `python -m semblant.spec.documents spec`; change the code, not this file. -->\n\n"


def documents(host: PluginHost | None = None) -> dict[str, str]:
    """Give the text of every generated document by its file name.

    >>> sorted(documents())
    ['errors.md', 'findings.md', 'glossary.md', 'hooks.md', 'job-states.md', 'settings.md', 'spec.schema.json']
    """
    host = host or PluginHost(third_party=False)
    return {
        "spec.schema.json": json.dumps(spec_schema(host), indent=2, ensure_ascii=False) + "\n",
        "settings.md": _MADE + settings_reference(host),
        "findings.md": _MADE + findings_reference(host),
        "hooks.md": _MADE + hooks_reference(),
        "errors.md": _MADE + errors_reference(),
        "glossary.md": _MADE + glossary(),
        "job-states.md": _MADE + states_reference(),
    }


def main(arguments: Sequence[str]) -> int:
    """Write the documents into a folder, ``spec`` by default; tell which changed."""
    folder = Path(arguments[0] if arguments else "spec")
    if not folder.is_dir():
        sys.stderr.write(f"there is no folder '{folder}'; run this at the top of the checkout, or name the folder\n")
        return 2
    for name, text in documents().items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
