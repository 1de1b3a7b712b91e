"""`/handovers/<id>`: an offer as the receiving side sees it. Before the yes only the minimum: no name, no number, no
need. Afterwards who is awaited, and who came."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.casefile import handing_shown, service
from caseapp.casefile.access import OFFER_FILE
from caseapp.casefile.forms import DeclineForm
from caseapp.casefile.models import Handover
from caseapp.casefile.queries import handing
from caseapp.casefile.queries.today import names_of
from caseapp.casefile.views import blueprint
from caseapp.core import access, audit
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import NotYours, Refused
from caseapp.core.i18n import _
from caseapp.core.pages import day
from caseapp.core.trying import tried
from caseapp.people.models import Case


@blueprint.get("/handovers/<uuid:handover_id>")
@needs(OFFER_FILE)
@records_view
def handover_offer(handover_id: UUID) -> ResponseReturnValue:
    """The offer, for either side."""
    made = handing.one(handover_id, access.current())
    audit.record("viewed", "handover", made.id)
    return _page(made)


@blueprint.post("/handovers/<uuid:handover_id>/accept")
@needs(OFFER_FILE)
@commits
def accept_handover(handover_id: UUID) -> ResponseReturnValue:
    """The receiving side takes the files."""
    made = _received(handover_id)
    version = request.form.get("version", type=int)
    try:
        with session.begin_nested():
            service.accept_handover(made, version=version)
    except Refused as error:
        flash(str(error), "warning")
        return redirect(url_for("casefile.handover_offer", handover_id=made.id))
    flash(_("Su equipo lleva ahora estos expedientes."), "good")
    return redirect(url_for("casefile.handover_offer", handover_id=made.id))


@blueprint.post("/handovers/<uuid:handover_id>/decline")
@needs(OFFER_FILE)
@commits
def decline_handover(handover_id: UUID) -> ResponseReturnValue:
    """The receiving side says no, with the reason."""
    made = _received(handover_id)
    form = DeclineForm()

    def verb() -> None:
        service.decline_handover(made, reason=form.reason.data, version=form.read_version())

    return tried(
        form, verb, again=lambda: _page(made, declining=form), done=_("Respuesta enviada."),
        to=url_for("casefile.handover_offer", handover_id=made.id),
    )  # fmt: skip


@blueprint.post("/handovers/<uuid:handover_id>/arrived/<uuid:member_id>")
@needs(OFFER_FILE)
@commits
def handover_arrived(handover_id: UUID, member_id: UUID) -> ResponseReturnValue:
    """Somebody who was awaited came."""
    made = _received(handover_id)
    member = next((m for m in made.members if m.id == member_id), None)
    if member is None:
        raise NotYours
    try:
        with session.begin_nested():
            service.arrived(made, member)
    except Refused as error:
        flash(str(error), "warning")
    else:
        flash(_("Llegada anotada."), "good")
    return redirect(url_for("casefile.handover_offer", handover_id=made.id))


def _received(handover_id: UUID) -> Handover:
    """An offer to a team of this person, locked: the offering side answers none."""
    who = access.current()
    made = handing.one(handover_id, who, lock=True)
    if made.to_team_id not in who.teams_as(*OFFER_FILE.roles):
        raise NotYours
    return made


def _page(made: Handover, *, declining: Any = None) -> str:
    receiving = made.to_team_id in access.current().teams_as(*OFFER_FILE.roles)
    declining = declining or DeclineForm(None)
    declining.version.data = made.version
    shown = made.state == "ACCEPTED"
    return render_template(
        "casefile/handover_offer.html",
        page_title=_("Traspaso de %(from_)s", from_=made.from_team.name),
        offer=handing_shown.offer_row(made),
        words=(made.words or "") if not receiving or shown else "",
        answers=receiving and made.state == "OFFERED",
        receiving=receiving,
        version=made.version,
        awaited=_awaited(made) if shown else [],
        declining=declining,
    )


def _awaited(made: Handover) -> list[dict[str, Any]]:
    """Who is awaited, by name where the reader may open the file."""
    ids = [m.case_id for m in made.members]
    names = names_of(ids)
    numbers = {c.id: c.number for c in session.query(Case).where(Case.id.in_(ids))}
    return [
        {
            "id": m.id,
            "name": names.get(m.case_id) or _("Una persona"),
            "href": url_for("casefile.show", number=numbers[m.case_id]) if m.case_id in numbers else None,
            "arrived": day(m.arrived_on),
            "no_show": day(m.no_show_on),
        }
        for m in made.members
    ]
