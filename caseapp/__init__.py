"""Acogida: case management for asylum reception and referral."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from flask import Flask

__version__ = "0.1.0"

#: The one list of areas, from the ground up.
AREAS = (
    "places",
    "accounts",
    "people",
    "deadline",
    "shelter",
    "reception",
    "protection",
    "procedure",
    "custody",
    "referral",
    "assistance",
    "solutions",
    "programme",
    "casefile",
    "indicators",
    "publication",
    "commitments",
)


def load_areas() -> None:
    """Import every area's tables, events and permissions (web, workers, command line and tests alike)."""
    import_module("caseapp.core.models")
    for part in ("models", "access", "events"):
        for area in AREAS:
            if find_spec(f"caseapp.{area}.{part}"):
                import_module(f"caseapp.{area}.{part}")


def create_app(overrides: dict[str, Any] | None = None) -> Flask:
    """The web application. `overrides` are Flask settings (tests)."""
    from caseapp.core import pages

    app = Flask(__name__, static_folder=None, template_folder="../templates")
    pages.init_app(app, overrides or {})
    load_areas()
    for area in AREAS:
        if find_spec(f"caseapp.{area}.views"):
            views = import_module(f"caseapp.{area}.views")
            app.register_blueprint(views.blueprint)
            getattr(views, "init_app", lambda _: None)(app)
    return app
