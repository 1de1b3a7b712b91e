"""Links to other areas' pages, where this installation has them."""

from __future__ import annotations

from typing import Any

from flask import current_app, url_for


def linked(endpoint: str, **values: Any) -> str | None:
    """The URL of a page, or None where no such page is registered."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else None
