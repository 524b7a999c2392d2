"""The fallback text backend: a protected back-off model over words, spelled words and digits.

Only tokens and runs of tokens held by at least ``min_subjects`` subjects are ever stored; the mass of all
others goes to shorter runs. Words that are too rare are spelled by letters under the same rule, digits
of rare numbers are drawn anew. Needs NumPy and polars, no training steps; learns 5,000 reviews in seconds.
"""
