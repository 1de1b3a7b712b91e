"""Pages of the directory."""

from __future__ import annotations

from flask import Blueprint

from caseapp.core.i18n import _l
from caseapp.core.pages import nav
from caseapp.places.access import READ

blueprint = Blueprint("places", __name__)
nav(50, _l("Directorio"), "places.search", READ)


from caseapp.places.views import editing, finding, hidden, importing  # noqa: E402, F401
