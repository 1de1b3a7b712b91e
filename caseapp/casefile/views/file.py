"""`/cases/<number>`: whole for the team that holds the file, reduced for a team that reads it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.casefile import minding, queries, shown
from caseapp.casefile.access import OPEN, PRIVATE
from caseapp.casefile.deliveries_shown import deliveries_shown
from caseapp.casefile.linking import linked
from caseapp.casefile.livelihood_shown import livelihood_shown
from caseapp.casefile.queries import File, Glance, Told
from caseapp.casefile.sentences import sentence
from caseapp.casefile.views import blueprint
from caseapp.casefile.working_shown import work_shown
from caseapp.core import access, audit, clock, reference
from caseapp.core.access import Principal, needs
from caseapp.core.commits import records_view
from caseapp.core.errors import NotPermitted
from caseapp.core.i18n import _
from caseapp.core.pages import asked_page, day
from caseapp.custody import present as custody_present
from caseapp.custody import queries as custody
from caseapp.procedure.rules.home import DISPLACED, RETURNED
from caseapp.referral.present import name_seen

#: Whose path is another than the asylum claim.
AT_HOME = DISPLACED | RETURNED


@blueprint.get("/cases/<number>")
@needs(OPEN)
@records_view
def show(number: str) -> ResponseReturnValue:
    """A file. That it was looked at is written down before the answer leaves."""
    who = access.current()
    glance = queries.open_file(number, who)
    audit.record("viewed", "case", glance.case.id)
    if glance.case.team_id not in who.teams_as(*PRIVATE.roles):
        return _reduced(glance)
    return _whole(queries.file_of(glance, who))


@blueprint.get("/cases/<number>/private")
@needs(PRIVATE)
@records_view
def private(number: str) -> ResponseReturnValue:
    """What is sealed, for those who hold the file."""
    who = access.current()
    glance = queries.open_file(number, who)
    if glance.case.team_id not in who.teams_as(*PRIVATE.roles):
        raise NotPermitted
    audit.record("viewed", "case", glance.case.id, "PRIVATE")
    file = queries.file_of(glance, who)
    told, _more = queries.timeline(glance.case.id, sealed=True)
    return render_template(
        "casefile/private.html",
        page_title=_("Página privada"),
        number=glance.case.number,
        identity=minding.identity(glance, [], []),
        needs=shown.needs_shown(file, sealed=True),
        outcomes=shown.outcomes_sealed(file),
        plans=shown.plans_sealed(file),
        order=_order(file, who),
        days=days_of(told, glance.site.timezone, inside=True),
    )


def _order(file: File, who: Principal) -> list[str]:
    """Why the person stands where they do in the order of exit from custody."""
    if not file.of("custody"):
        return []
    case_id = file.glance.case.id
    mine = next((h for h in custody.held(who) if h.case.id == case_id), None)
    return custody_present.order_private(custody.for_case(case_id), mine)


def _whole(file: File) -> str:
    glance = file.glance
    alerts, sealed = minding.alerts_of(file)
    told, more = queries.timeline(glance.case.id, asked_page())
    return render_template(
        "casefile/show.html",
        page_title=_("Expediente %(number)s", number=glance.case.number),
        identity=minding.identity(
            glance, [r.a for r in file.of("language") if r.a], minding.details_of(file)
        ),
        alerts=alerts,
        marks=[{"label": a["label"], "kind": a["kind"]} for a in alerts],
        sealed=sealed,
        clocks=minding.clocks_of(file),
        needs=shown.needs_shown(file),
        work=work_shown(file),
        requirements=shown.requirements_shown(file.requirements),
        referrals=shown.referrals_shown(file.referrals, glance.site.timezone),
        stays=shown.stays_shown(file.stays),
        screenings=shown.screenings_shown(file),
        claims=shown.claims_shown(file),
        custodies=shown.custody_shown(file),
        plans=shown.plans_shown(file),
        livelihood=livelihood_shown(file),
        deliveries=deliveries_shown(file),
        consents=shown.consents_shown(file),
        documents=shown.documents_shown(file),
        contacts=shown.contacts_shown(file),
        members=shown.members_shown(file),
        days=days_of(told, glance.site.timezone),
        pages=_pages(more),
        links=_links(file),
        primary=_primary(file),
        opened=_("Abierto el %(day)s por %(team)s.", day=day(glance.case.opened_on), team=glance.team),
        closed=_closed(glance),
        merged=glance.person.merged_into_id is not None,
    )


def _closed(glance: Glance) -> str:
    case = glance.case
    if case.closed_on is None or case.closure_reason is None:
        return ""
    reason = reference.outside_label("case_closure_reason", case.closure_reason) or ""
    return _("Cerrado el %(day)s: %(reason)s.", day=day(case.closed_on), reason=reason)


def _links(file: File) -> dict[str, Any]:
    number = file.glance.case.number
    closed = file.glance.case.status == "CLOSED"
    started = next((s for s in file.of("screening") if s.a == "STARTED"), None)
    unfinished = bool(file.of("screening")) and file.of("screening")[-1].a == "UNFINISHED"
    screen = (
        url_for("protection.resume", number=number, screening_id=started.id)
        if started
        else url_for("protection.start", number=number)
    )
    verb = _("Hacer otra entrevista a solas") if file.of("screening") else _("Empezar una entrevista a solas")
    if started or unfinished:
        verb = _("Continuar la entrevista")
    return {
        "private": url_for("casefile.private", number=number),
        "needs": url_for("protection.needs", number=number),
        "screen": None if closed else screen,
        "screen_verb": verb,
        "refer": None if closed else linked("referral.new", number=number),
        "claim": url_for("procedure.claim", number=number),
        "clocks": url_for("casefile.clocks", number=number),
        "home": url_for("procedure.home", number=number)
        if any(p.a in AT_HOME and p.ended is None for p in file.of("population"))
        else None,
        "custody": url_for("custody.show", number=number),
        "solutions": url_for("solutions.show", number=number),
        "livelihood": url_for("solutions.work", number=number),
        "deliveries": url_for("assistance.show", number=number),
        "consents": linked("people.consents", number=number),
        "person": linked("people.person", number=number),
        "household": linked("people.household", number=number),
        "contact": linked("people.contact", number=number),
        "merge": linked("people.merge", number=number),
        "data": url_for("casefile.subject_requests", number=number),
        "end": url_for("casefile.reopen" if closed else "casefile.close", number=number),
        "end_verb": _("Abrir de nuevo el expediente") if closed else _("Cerrar el expediente"),
    }


def _primary(file: File) -> dict[str, str] | None:
    """The one next step: screen whom nobody has screened, then refer."""
    links = _links(file)
    if file.glance.case.status == "CLOSED":
        return None
    if not any(s.a == "COMPLETED" for s in file.of("screening")):
        return {"label": links["screen_verb"], "href": links["screen"]}
    return {"label": _("Referir"), "href": links["refer"]} if links["refer"] else None


def _pages(more: bool) -> dict[str, Any]:
    number = asked_page()
    here = request.path
    return {
        "text": _("Página %(number)s", number=number),
        "previous": f"{here}?page={number - 1}#happened" if number > 1 else None,
        "next": f"{here}?page={number + 1}#happened" if more else None,
    }


def days_of(told: Sequence[Told], timezone: str, *, inside: bool = False) -> list[dict[str, Any]]:
    """Events by day, in words. The hour is shown where it was written on the day it happened."""
    return [
        {
            "text": day(on),
            "iso": on.isoformat(),
            "entries": _grouped([_entry(t, timezone, inside) for t in entries]),
        }
        for on, entries in groupby(told, key=lambda t: t.event.effective_on)
    ]


def _grouped(entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries of one kind by one person at one moment are one entry: «Se fijó un requisito: A; B; C»."""
    found: list[dict[str, Any]] = []
    for _key, same in groupby(entries, key=lambda e: (e["kind"], e["who"], e["where"], e["time"])):
        first, *rest = same
        labels = [e["labels"] for e in (first, *rest) if e["labels"]]
        words = first["words"]
        found.append({**first, "fact": f"{words}: {'; '.join(reversed(labels))}" if labels else words})
    return found


def _entry(told: Told, timezone: str, inside: bool) -> dict[str, Any]:
    written = clock.local(told.event.recorded_at, timezone)
    words, labels = sentence(told.event, inside=inside)
    return {
        "kind": told.event.kind,
        "words": words,
        "labels": labels,
        "who": told.who or _("Acogida"),
        "where": told.where or "",
        "time": f"{written:%H:%M}" if written.date() == told.event.effective_on else "",
    }


def _reduced(glance: Glance) -> str:
    seen = queries.glance_at(glance, access.current())
    timezone, items = glance.site.timezone, seen["items"]
    name = name_seen(glance.person, items)
    identity = {**minding.identity(glance, seen["languages"], []), "name": name}
    if "AGE" not in items:
        identity |= {"age": _("no se comparte"), "certainty": "exact"}
    return render_template(
        "casefile/glance.html",
        page_title=name,
        identity=identity,
        alerts=minding.in_words(seen["alerts"]),
        requirements=shown.requirements_shown(seen["requirements"]),
        referrals=shown.referrals_shown(seen["referrals"], timezone),
        clocks=[
            c for a in seen["referrals"] if not a.left and (c := minding.referral_clock(a.referral, timezone))
        ],
        stays=shown.stays_shown(seen["stays"]),
    )
