"""Children without family where no licensed place is free: a room of their own, with staff by name and hour
(DO_NO_HARM, "A child"). Nothing here is offered while an ordinary place is free."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import IntegerField, RadioField, StringField
from wtforms.validators import NumberRange

from caseapp.accounts.queries import site_of
from caseapp.core import clock
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.forms import VersionedForm, required
from caseapp.core.i18n import _, _l, ngettext
from caseapp.places.models import Site
from caseapp.referral import queries, service
from caseapp.referral.access import ANSWER
from caseapp.referral.kinds import GIVES_PLACES
from caseapp.referral.models import Referral
from caseapp.referral.views import blueprint
from caseapp.referral.views.verbs import attempt, opened
from caseapp.shelter import offers

#: Within these nights a second person has looked at it (72 hours).
NIGHTS = 3


class EmergencyForm(VersionedForm):
    """Who stays with them, since when, and for how many nights."""

    staff = StringField(
        _l("Quién del personal se queda con ellas"), description=_l("Nombre y turno."),
        validators=[required(_l("Escriba el nombre de quien se queda con ellas."))],
    )  # fmt: skip
    since = RadioField(_l("Desde qué hora"), default="NOW")
    nights = IntegerField(
        _l("Cuántas noches"), default=1, validators=[NumberRange(1, NIGHTS, _l("De una a tres noches."))]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.since.choices = [
            ("NOW", _("Desde ahora")),
            ("1", _("Desde hace una hora")),
            ("-1", _("Dentro de una hora")),
        ]

    def began(self) -> datetime:
        """The moment from which staff is with them."""
        ago = 0 if self.since.data == "NOW" else int(self.since.data)
        return clock.now() - timedelta(hours=ago)


@blueprint.route("/referrals/<number>/in-emergency", methods=["GET", "POST"])
@needs(ANSWER)
@commits
def in_emergency(number: str) -> ResponseReturnValue:
    """Take children in where no licensed place is free."""
    found, form = opened(number), EmergencyForm()
    site = site_of(found.to_team_id)
    if (
        found.kind not in GIVES_PLACES
        or site is None
        or not queries.all_open(m.case_id for m in found.members)
    ):
        return redirect(url_for("referral.show", number=number))
    if not queries.only_children(found):
        return redirect(url_for("referral.accept", number=number))
    ids = [m.case_id for m in found.members]
    first = found.first_night or clock.today(site.timezone)
    if request.method == "POST" and form.validate():
        last = first + timedelta(days=form.nights.data - 1)
        answer = attempt(
            found, form,
            lambda: service.accept(
                found, offers.read_arrangement(request.form.get("place", "")), first_night=first, last_night=last,
                staff=service.Staff(form.staff.data, form.began()),
            ),
            label=_("Recibir en emergencia"),
            words=ngettext("Recibió a %(num)s niña o niño; se revisa antes de 72 horas.",
                           "Recibió a %(num)s niñas y niños; se revisa antes de 72 horas.", len(ids)),
        )  # fmt: skip
        if answer is not None:
            return answer
    return _page(found, form, site, first, ids)


def _page(
    found: Referral, form: EmergencyForm, site: Site, first: date, ids: Sequence[UUID]
) -> ResponseReturnValue:
    last = first + timedelta(days=(form.nights.data or 1) - 1)
    rooms = offers.for_people(found.to_team_id, ids, first, last, site, referral_id=found.id, emergency=True)
    ordinary = offers.for_people(found.to_team_id, ids, first, last, site, referral_id=found.id)
    form.version.data = found.version
    html = render_template(
        "referral/in_emergency.html",
        page_title=_("Recibir en emergencia"),
        found=found,
        form=form,
        ordinary=bool(ordinary),
        options=offers.as_options(rooms, request.form.get("place", "")),
        accept_url=url_for("referral.accept", number=found.number),
        decline_url=url_for("referral.decline", number=found.number),
        happens=[
            _("Nadie más entra a ese cuarto mientras estén ahí."),
            _("Se avisa ya a quien atiende a la niñez y a supervisión."),
            _("Una segunda persona lo revisa antes de 72 horas."),
        ],
    )
    return html, 422 if request.method == "POST" else 200
