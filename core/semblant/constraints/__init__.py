"""Constraints at work: counted in a table, and guaranteed on every generated row."""
