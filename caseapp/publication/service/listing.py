"""What releases there are, for the command line (role `facts`)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.core.db import connect
from caseapp.publication import store
from caseapp.publication.package import MANIFEST


def listing(country: str | None = None) -> list[dict[str, Any]]:
    """Every release: id, country, period, edition, status, made_at, decided_at; by country and period."""
    wanted = sa.select(store.RELEASE).order_by(
        store.RELEASE.c.country, store.RELEASE.c.period, store.RELEASE.c.made_at
    )
    if country is not None:
        wanted = wanted.where(store.RELEASE.c.country == country)
    with connect("facts") as connection:
        return [_plain(row) for row in connection.execute(wanted)]


def _plain(row: Any) -> dict[str, Any]:
    return {
        "id": str(row.id), "country": row.country, "period": row.period, "edition": row.edition,
        "status": row.status, "made_at": row.made_at.isoformat(),
        "decided_at": row.decided_at.isoformat() if row.decided_at else None,
    }  # fmt: skip


def tables_of(release_id: UUID) -> dict[str, Any]:
    """A release with its tables: `{id, country, period, status, tables: [{file, sha256, cells}]}`. Raises LookupError."""
    with connect("facts") as connection:
        row = store.release_row(connection, release_id)
        if row is None:
            raise LookupError(f"There is no release {release_id}.")
        tables = [
            {"file": one["file"], "sha256": one["sha256"], "cells": one["cells"]}
            for one in store.file_rows(connection, release_id)
            if one["file"] != MANIFEST and one["cells"] is not None
        ]
    return {
        "id": str(row.id), "country": row.country, "period": row.period, "status": row.status, "tables": tables,
    }  # fmt: skip
