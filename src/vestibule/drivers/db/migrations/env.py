"""What Alembic runs: our connection, our transaction, our tables."""

from alembic import context

from vestibule.drivers.db.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter a table in place
)
context.run_migrations()
