"""The accounts of a budget, as far as deletions reach into its books."""

from __future__ import annotations

import json

from ossicle.storage.tables.connection import Connection


def forget_conversation(rows: Connection, tenant: str, name: str) -> bool:
    """Drop the account of a conversation, named as `TableLedger` writes it; whether there was one.

    What is held in it settles into nothing.
    """
    account = json.dumps(["conversation", tenant, name])
    found = rows.execute(
        "SELECT account FROM balances WHERE account = ?"
        " UNION SELECT account FROM hold_accounts WHERE account = ?",
        (account, account),
    ).fetchone()
    for table in ("balances", "hold_accounts"):
        rows.execute(f"DELETE FROM {table} WHERE account = ?", (account,))
    return found is not None


def forget_tenant(rows: Connection, tenant: str) -> None:
    """Drop all accounts of a tenant."""
    rows.execute(
        "DELETE FROM hold_accounts WHERE account IN"
        " (SELECT account FROM balances WHERE tenant = ?)",
        (tenant,),
    )
    rows.execute("DELETE FROM balances WHERE tenant = ?", (tenant,))
