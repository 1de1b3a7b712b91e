"""`/api/v1`: the open interface. A cookie opens nothing and none is set, nothing is written but the day a key was
used, and no other origin's script may read it (no CORS)."""

from __future__ import annotations

from flask import Blueprint, Flask

from caseapp.core import pages
from caseapp.publication.api import problem

PREFIX = "/api/"
blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

from caseapp.publication.views.api import documentation, reading  # noqa: E402, F401


def init_app(app: Flask) -> None:
    """Register the interface; below its address every error is a problem document."""
    pages.answers_errors(PREFIX, problem.answer)
    app.register_blueprint(blueprint)
