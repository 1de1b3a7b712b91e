"""The rows of a file that its pages change."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from caseapp.core.locking import locked


def row_of(table: Any, row_id: UUID, case_id: UUID) -> Any:
    """The row of a file, locked and read afresh; NotYours if it is not this file's."""
    return locked(table, table.id == row_id, table.case_id == case_id)
