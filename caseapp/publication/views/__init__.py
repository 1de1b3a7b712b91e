"""Pages of publication: releases for stewards and approvers, released figures for analysts."""

from __future__ import annotations

from flask import Blueprint, Flask

blueprint = Blueprint("publication", __name__)

from caseapp.publication.views import api, definitions, figures, keys, package, releases  # noqa: E402, F401


def init_app(app: Flask) -> None:
    """The open interface stands beside the pages."""
    api.init_app(app)
