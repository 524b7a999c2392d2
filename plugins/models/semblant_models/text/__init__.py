"""Backends that learn columns of free text."""
