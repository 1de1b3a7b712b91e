"""Pages of referrals: inbox and sent, a new one, one referral, and its verbs."""

from flask import Blueprint

from caseapp.core.i18n import _l
from caseapp.core.pages import nav
from caseapp.referral.access import READ

blueprint = Blueprint("referral", __name__)
nav(40, _l("Referencias"), "referral.inbox", READ)

from caseapp.referral.legal import views as legal_views  # noqa: E402, F401
from caseapp.referral.placement import views as placement_views  # noqa: E402, F401
from caseapp.referral.views import (  # noqa: E402, F401
    answer,
    around,
    emergency,
    entry,
    form,
    guest,
    link,
    listing,
    new,
    one,
    record,
    verbs,
    who,
)
from caseapp.referral.waiting import views as waiting_views  # noqa: E402, F401
