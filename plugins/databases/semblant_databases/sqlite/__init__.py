"""SQLite as a destination; its source is in ``semblant_sources``."""
