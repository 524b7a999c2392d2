"""DuckDB files: Arrow on both ends."""
