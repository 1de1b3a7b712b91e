"""How each route of this area is called in the test of all routes."""

from __future__ import annotations

from typing import Any


def index(db: Any, foreign: Any) -> str:
    return "/indicators"


index.public = True  # type: ignore[attr-defined]
ROUTES = {("indicators.index", "GET"): index}
