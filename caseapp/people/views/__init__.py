"""Pages of people: search and lists, and the parts of a file that are edited."""

from flask import Blueprint

from caseapp.core.i18n import _l
from caseapp.core.pages import nav
from caseapp.people.access import SEARCH

blueprint = Blueprint("people", __name__)
nav(20, _l("Personas"), "people.search", SEARCH)

from caseapp.people.views import consents, contact, duplicates, household, person, search, separation, waivers  # noqa: E402, F401
from caseapp.people.views.closed import init_app  # noqa: E402, F401
