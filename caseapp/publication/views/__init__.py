"""Pages of publication: releases for stewards and approvers, released figures for analysts."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("publication", __name__)

from caseapp.publication.views import figures, releases, revising  # noqa: E402, F401
