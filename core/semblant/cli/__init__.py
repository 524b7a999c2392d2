"""The command line: ``semblant``."""
