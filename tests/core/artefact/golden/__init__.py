"""Generators of each format that was ever released, kept as they were made, with rows that were drawn from them."""
