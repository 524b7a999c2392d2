"""Differential privacy: where noise comes from, what a budget is, and how it is divided.

The unit is the subject (a root row with all that hangs on it); neighbouring data sets differ by one subject added or
removed. Nothing of a private run reaches an artefact, a log or a report unless it went through
:class:`~semblant_models.privacy.account.BudgetAccount`.
"""
