"""What a shelter declares: how long it holds places while it answers."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.i18n import _
from caseapp.shelter import present, service
from caseapp.shelter.access import MANAGE
from caseapp.shelter.forms import HOLD_MINUTES, HoldsForm
from caseapp.shelter.models import PRIORITIES
from caseapp.shelter.views import blueprint
from caseapp.shelter.views.tonight import chosen_team


@blueprint.route("/shelter/holds", methods=["GET", "POST"])
@needs(MANAGE)
@commits
def holds() -> ResponseReturnValue:
    """Declare how long places are held while the shelter answers; whoever sends reads it before sending."""
    team, _teams = chosen_team()
    assert team.site is not None
    declared = service.hold_policy(team.id)
    form = HoldsForm(data={p.lower(): declared.get(p, 0) for p in PRIORITIES})
    for priority in PRIORITIES:
        minutes = sorted({*HOLD_MINUTES, declared.get(priority, 0)})
        form[priority.lower()].choices = [
            (m, present.minutes_text(m) if m else _("No guarda lugar")) for m in minutes
        ]
    if request.method == "POST" and form.validate():
        service.declare_holds(team.id, {p: form[p.lower()].data for p in PRIORITIES}, site=team.site)
        flash(_("Anotado. Quien envía una referencia lo lee antes de enviarla."), "good")
        return redirect(url_for("shelter.places", team=team.code))
    page = render_template(
        "shelter/form.html",
        page_title=_("Guardar lugares mientras se responde"),
        lead=_(
            "Desde que llega una referencia hasta que ustedes responden, el lugar queda guardado este tiempo; después "
            "vuelve a estar libre por sí solo."
        ),
        form=form,
        fields=[p.lower() for p in PRIORITIES],
        label=_("Guardar"),
        back_url=url_for("shelter.places", team=team.code),
    )
    return page, 422 if request.method == "POST" else 200
