"""Durable storage: one interface, two backends (SQLite and PostgreSQL), one log of positions.

Domains use `Database`, `Transaction` and `CommitCache` from `storage.database`; `open_database` picks the
backend.
"""
