"""Pages of a shelter: tonight, a stay, places and nights."""

from flask import Blueprint

from caseapp.core.i18n import _l
from caseapp.core.pages import nav
from caseapp.shelter.access import MANAGE, TONIGHT

blueprint = Blueprint("shelter", __name__)
nav(30, _l("Esta noche"), "shelter.tonight", TONIGHT)
nav(35, _l("Lugares"), "shelter.places", MANAGE)

from caseapp.shelter.views import keeping, network, paper, places, policy, roll, stay, tonight, walk_in  # noqa: E402, F401
