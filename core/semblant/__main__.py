"""``python -m semblant`` is the program ``semblant``."""

from __future__ import annotations

from semblant.cli.main import main

if __name__ == "__main__":
    main()
