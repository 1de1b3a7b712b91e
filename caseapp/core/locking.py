"""A row about to be changed: locked and read afresh, or not there for whoever asks."""

from __future__ import annotations

from typing import Any, TypeVar

import sqlalchemy as sa

from caseapp.core.db import session
from caseapp.core.errors import NotYours

Row = TypeVar("Row")


def locked(table: type[Row], *conditions: sa.ColumnElement[bool] | Any) -> Row:
    """The one row of a table that meets the conditions, locked until the transaction ends. Raises NotYours."""
    row = session.scalars(
        sa.select(table).where(*conditions).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotYours
    return row
