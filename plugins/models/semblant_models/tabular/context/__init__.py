"""Rows that depend on other rows: children of a parent, users of a lookup, matched keys."""
