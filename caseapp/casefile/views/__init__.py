"""Pages of a whole file, and of what is to be done today."""

from __future__ import annotations

from flask import Blueprint

from caseapp.casefile.access import TODAY
from caseapp.core.i18n import _l
from caseapp.core.pages import nav

blueprint = Blueprint("casefile", __name__)
nav(0, _l("Hoy"), "casefile.today", TODAY, whole_area=False)

from caseapp.casefile.views import (  # noqa: E402
    alerts,  # noqa: F401
    assigning,  # noqa: F401
    clocks,  # noqa: F401
    closing,  # noqa: F401
    file,  # noqa: F401
    handing,  # noqa: F401
    notes,  # noqa: F401
    plan,  # noqa: F401
    receiving,  # noqa: F401
    tasks,  # noqa: F401
    today,  # noqa: F401
)

# isort: split
from caseapp.casefile.auditing import views as auditing_views  # noqa: E402, F401
from caseapp.casefile.enquiry import views as enquiry_views  # noqa: E402, F401
from caseapp.casefile.glass import views as glass_views  # noqa: E402, F401
from caseapp.casefile.month import views as month_views  # noqa: E402, F401
from caseapp.casefile.retention import views as retention_views  # noqa: E402, F401
from caseapp.casefile.subject import views as subject_views  # noqa: E402, F401
