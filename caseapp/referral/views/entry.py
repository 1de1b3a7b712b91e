"""From an entry of the directory to a referral: whom to refer to it."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.models import Team
from caseapp.core import access
from caseapp.core.access import Principal, needs
from caseapp.core.commits import records_view
from caseapp.core.db import session
from caseapp.core.errors import NotPermitted, NotYours
from caseapp.core.i18n import _
from caseapp.people import queries as people
from caseapp.people.models import Case
from caseapp.places import present as directory
from caseapp.places import queries as places
from caseapp.places.queries import Entry
from caseapp.referral import queries
from caseapp.referral.access import SEND
from caseapp.referral.views import blueprint

MOST = 10


def _may_be_referred_to(found: Entry) -> bool:
    """Whether the form of a new referral can offer this entry."""
    service = found.service
    if not service.active or service.kind not in queries.kinds_to_refer():
        return False
    if service.team_id is None:
        return places.is_reached(service, found.site)
    return bool(session.scalar(sa.select(Team.active).where(Team.id == service.team_id)))


def lead_on(who: Principal, found: Entry) -> tuple[str, str] | None:
    """The way from an entry's page to a referral, for whoever sends."""
    here = who.may(SEND) and found.site.country in who.countries
    if not here or not _may_be_referred_to(found):
        return None
    return _("Referir aquí"), url_for("referral.to_entry", service_id=found.service.id)


directory.LEADS_ON.append(lead_on)


@blueprint.get("/refer/<uuid:service_id>")
@needs(SEND)
@records_view
def to_entry(service_id: UUID) -> ResponseReturnValue:
    """Whose referral it is: a file of one's own by its number, or one of the last; then the form, with the entry chosen."""
    who = access.current()
    found = places.entry(who, service_id)
    if not _may_be_referred_to(found):
        raise NotYours
    number, wrong = request.args.get("case", "").strip(), ""
    if number:
        try:
            case = people.owned_case(number, who, SEND)
        except (NotYours, NotPermitted):
            wrong = _("Su equipo no tiene un expediente con ese número. Revise las cifras.")
        else:
            return redirect(_form_for(case.number, found))
    page = render_template(
        "referral/to_entry.html",
        page_title=_("Referir a %(name)s", name=found.service.name),
        entry=directory.row(found, url_for("places.show", service_id=service_id)),
        number=number,
        wrong=wrong,
        last=[
            {"href": _form_for(s.number, found), "name": s.called or s.name, "number": s.number}
            for s in _last_files(who, found.site.country)
        ],
    )
    return page, 422 if wrong else 200


def _form_for(number: str, found: Entry) -> str:
    to = found.service.team_id or found.service.id
    return url_for("referral.new", number=number, kind=found.service.kind, to=to)


def _last_files(who: Principal, country: str) -> list[people.Summary]:
    """The files that the sender's teams opened last, as they are called."""
    ids = session.scalars(
        sa.select(Case.id)
        .where(Case.team_id.in_(who.teams_as(*SEND.roles)), Case.status == "OPEN", Case.country == country)
        .order_by(Case.id.desc())
        .limit(MOST)
    ).all()
    known = people.summary_of(ids)
    return [known[i] for i in ids if i in known]
