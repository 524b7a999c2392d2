"""Distributions to start from: ``semblant plugins new KIND NAME`` writes one that passes the kit at once."""
