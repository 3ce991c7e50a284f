"""The store of truth: SQLite through SQLAlchemy, one transaction per repository method.

There is no fake beside it: ``engine.Database.in_memory()`` runs this same code on a database in memory, in
milliseconds, so that a test's double cannot drift from what runs.  The contract suite runs on both.
"""
