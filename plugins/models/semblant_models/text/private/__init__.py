"""Texts under a privacy budget: noisy counts of runs of characters, one contribution of length one per subject."""
