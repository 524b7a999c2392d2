"""The store: connectors, catalogs, generators, datasets, jobs and the privacy ledger, on SQLite or PostgreSQL.

Import from the modules: :class:`semblant.store.database.Store` opens it, its attributes are the parts. Nothing here
is imported before a command needs it.
"""
