"""Pages of publication: releases for stewards and approvers, released figures for analysts."""

from __future__ import annotations

from flask import Blueprint, Flask

blueprint = Blueprint("publication", __name__)

from caseapp.publication.views import (  # noqa: E402
    api,
    definitions,  # noqa: F401
    figures,  # noqa: F401
    flow,  # noqa: F401
    indicator,  # noqa: F401
    keys,  # noqa: F401
    package,  # noqa: F401
    pictures,  # noqa: F401
    region,  # noqa: F401
    releases,  # noqa: F401
    revising,  # noqa: F401
    revision,  # noqa: F401
)


def init_app(app: Flask) -> None:
    """The open interface stands beside the pages."""
    api.init_app(app)
