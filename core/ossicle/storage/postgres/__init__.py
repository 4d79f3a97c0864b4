"""A store in a PostgreSQL database, for several machines; brought by the extra `postgres`."""

from ossicle.storage.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
