"""`/cases/<number>/claim`: the claims of a person as dated steps, with what may come next and the deadlines beside."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access, audit, clock, reference
from caseapp.core.access import needs
from caseapp.core.commits import records_view
from caseapp.core.db import session
from caseapp.core.i18n import _
from caseapp.core.pages import day
from caseapp.deadline.models import Deadline
from caseapp.deadline.show import clock_shown
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.people.models import Case
from caseapp.places.models import Site
from caseapp.procedure import queries, rules
from caseapp.procedure.access import READ
from caseapp.procedure.models import Claim, ClaimStep, IssuedDocument
from caseapp.procedure.queries import InClaim
from caseapp.procedure.views import blueprint

CODES = {
    "DECISION": "decision_outcome", "CLOSED": "claim_closure_reason", "REOPENED": "reopen_reason",
    "DOCUMENT_ISSUED": "document_type",
}  # fmt: skip


@blueprint.get("/cases/<number>/claim")
@needs(READ)
@records_view
def claim(number: str) -> ResponseReturnValue:
    """The claims of a person, and what may be recorded now."""
    case = people.owned_case(number, access.current(), READ)
    audit.record("viewed", "case", case.id)
    return _page(case, sealed=False)


@blueprint.get("/cases/<number>/claim/private")
@needs(READ)
@records_view
def private(number: str) -> ResponseReturnValue:
    """A spouse's own claim, which nobody else is shown. The page is there for everybody, and mostly empty."""
    case = people.owned_case(number, access.current(), READ)
    audit.record("viewed", "case", case.id, "PRIVATE")
    return _page(case, sealed=True)


def _page(case: Case, *, sealed: bool) -> str:
    claims = queries.for_case(case.id, sealed=sealed)
    ids = [c.id for c in claims]
    beside = {} if sealed else duties_shown(case)
    steps, applicants, clocks = queries.steps_of(ids), queries.applicants_of(ids), queries.clocks_of(ids)
    timezone = session.get_one(Site, case.site_id).timezone
    person = people.person_of(case)
    name = present.name_of(person)
    shown = [_claim(case, c, steps[c.id], applicants[c.id]) for c in claims]
    return render_template(
        "procedure/claim.html",
        page_title=_("Su propia solicitud, aparte") if sealed else _("Solicitud de asilo de %(name)s", name=name),
        number=case.number,
        sealed=sealed,
        claims=shown,
        clocks=[_clock(c, timezone) for claim_id in ids for c in clocks[claim_id] if c.is_open],
        met=[_met(c) for claim_id in ids for c in clocks[claim_id] if c.state == "MET"],
        begin=_begin(case, claims, sealed=sealed),
        **{"documents": [], "document_new": None, "duty": None, "leave": None, **beside},
        at_home=not sealed and case.country in people.nationalities_of(case.id),
    )  # fmt: skip


def _begin(case: Case, claims: Sequence[Claim], *, sealed: bool) -> str | None:
    """The way to a new claim, where none is open. A spouse's own stands beside the family's, so that its page leads
    to one as long as they are in a claim that others lead."""
    if case.status == "CLOSED" or any(c.is_open for c in claims):
        return None
    if case.country in people.nationalities_of(case.id):
        return None
    return url_for("procedure.begin_own" if sealed else "procedure.begin", number=case.number)


def _claim(case: Case, row: Claim, steps: list[ClaimStep], people_in: list[InClaim]) -> dict[str, Any]:
    country = reference.claim_procedure(case.country, row.lodged_on or clock.now().date())
    following = rules.next_steps(country.steps, queries.taken(steps))
    lead = next((p.case for p in people_in if p.applicant.role in rules.LEADING), None)
    mine = lead is not None and lead.team_id in access.current().case_teams and case.status == "OPEN"
    return {
        "title": reference.label("claim_application_type", row.application_type),
        "state": state_of(row),
        "tag": "info" if row.is_open else "good" if row.outcome in ("RECOGNISED", "COMPLEMENTARY") else "neutral",
        "days": _days(steps),
        "people": [_person(p, case) for p in people_in],
        "next": [_next(case, row, step) for step in following] if mine else [],
        "people_href": url_for("procedure.members", number=case.number, claim_id=row.id)
        if mine and row.is_open and not row.sealed
        else None,
    }  # fmt: skip


def state_of(row: Claim) -> str:
    """How a claim stands, in words."""
    if row.outcome:
        return reference.label("decision_outcome", row.outcome)
    if row.closure_reason:
        return reference.label("claim_closure_reason", row.closure_reason)
    return _("En trámite") if row.lodged_on else _("Por presentar")


def _next(case: Case, row: Claim, step: str) -> dict[str, Any]:
    return {
        "label": reference.label("claim_step", step),
        "apart": step == "CLOSED",
        "href": url_for("procedure.step", number=case.number, claim_id=row.id, step=step.lower()),
    }


def _days(steps: list[ClaimStep]) -> list[dict[str, Any]]:
    """Steps for the timeline, in order of their days."""
    ordered = sorted(steps, key=lambda s: (s.on, s.recorded_at, s.id))
    return [
        {"text": day(on), "iso": on.isoformat(), "entries": [_entry(s) for s in same]}
        for on, same in groupby(ordered, key=lambda s: s.on)
    ]


def _entry(row: ClaimStep) -> dict[str, str]:
    words = reference.label("claim_step", row.step)
    if row.code and row.step in CODES:
        words = f"{words}: {reference.label(CODES[row.step], row.code)}"
    return {"fact": words, "who": _("anotado el %(day)s", day=day(row.recorded_at.date()))}


def _person(found: InClaim, case: Case) -> dict[str, Any]:
    left = found.applicant.left_on
    return {
        "name": present.name_of(found.person),
        "role": reference.label("claim_applicant", found.applicant.role),
        "left": _("salió el %(day)s: %(why)s", day=day(left), why=reference.label("claim_left_reason", found.applicant.left_reason or "ERROR").lower()) if left else "",
        "href": None if found.case.id == case.id else url_for("casefile.show", number=found.case.number),
    }  # fmt: skip


def _clock(row: Deadline, timezone: str) -> dict[str, Any]:
    return clock_shown(
        row.due_at, timezone, start=row.started_at, paused=row.state == "PAUSED", what=reference.label("clock", row.rule)
    )  # fmt: skip


def _met(row: Deadline) -> dict[str, str]:
    return {
        "what": reference.label("clock", row.rule),
        "how": _("a tiempo") if row.met_on_time else _("con retraso"),
        "kind": "good" if row.met_on_time else "warning",
    }


# -- documents and duties -------------------------------------------------------------------------------
def duties_shown(case: Case) -> dict[str, Any]:
    """Documents given, the signature that is due, and where the person must stay."""
    number, still = case.number, case.status == "OPEN"
    return {
        "documents": [_document(d, number, still) for d in queries.documents_of(case.id)],
        "document_new": url_for("procedure.issue", number=number) if still else None,
        "duty": _duty(case),
        "leave": _leave(case),
    }


def _document(row: IssuedDocument, number: str, still: bool) -> dict[str, Any]:
    renewable = still and row.document_type not in rules.NOT_RENEWED and row.state in ("ISSUED", "EXPIRED")
    return {
        "label": reference.label("document_type", row.document_type),
        "number": row.number or "",
        "issued": day(row.issued_on),
        "until": day(row.valid_to) if row.valid_to else "",
        "state": reference.label("issued_document_state", row.state),
        "kind": {"ISSUED": "good", "EXPIRED": "urgent"}.get(row.state, "neutral"),
        "renew": url_for("procedure.renew", number=number, document_id=row.id) if renewable else None,
    }


def _duty(case: Case) -> dict[str, Any] | None:
    """The signature that is due, and what became of the last ones."""
    duty, past = queries.duty_of(case.id), queries.signatures_of(case.id)
    if duty is None and not past:
        return None
    return {
        "due": day(duty.due_on) if duty else "",
        "href": url_for("procedure.sign", number=case.number) if duty else None,
        "past": [
            {
                "due": day(s.due_on),
                "what": {"SIGNED": _("firmó el %(day)s", day=day(s.on)), "EXCUSED": _("dispensada"), "MISSED": _("faltó")}[s.state],
                "kind": "warning" if s.state == "MISSED" else "good",
            }
            for s in past
        ],
    }  # fmt: skip


def _leave(case: Case) -> dict[str, Any] | None:
    """Where the person must stay, and leave that was asked for."""
    limit, asked = people.movement_limits_of([case.id]).get(case.id), queries.leaves_of(case.id)
    if limit is None and not asked:
        return None
    pending = next((row for row in asked if row.decided_on is None), None)
    return {
        "now": url_for("procedure.move_at_once", number=case.number) if limit else None,
        "stays_in": reference.admin1_named(limit).name if limit else "",
        "ask": url_for("procedure.ask_leave", number=case.number) if limit and pending is None else None,
        "asked": [
            {
                "to": reference.admin1_named(row.to_admin1).name,
                "on": day(row.asked_on),
                "outcome": reference.label("leave_outcome", row.outcome) if row.outcome else "",
                "href": None if row.decided_on else url_for("procedure.decide_leave", number=case.number, leave_id=row.id),
            }
            for row in asked
        ],
    }  # fmt: skip
