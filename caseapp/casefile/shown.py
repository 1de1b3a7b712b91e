"""The sections of a file as its page shows them: plain values for the components, in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from flask import url_for

from caseapp.casefile import rules
from caseapp.casefile.alerting import related
from caseapp.casefile.linking import linked
from caseapp.casefile.minding import is_sealed, lower
from caseapp.casefile.queries.file import Asked, CodeRow, File
from caseapp.core import reference
from caseapp.core.i18n import _
from caseapp.core.pages import day, moment
from caseapp.custody import rules as custody_rules
from caseapp.people import present
from caseapp.people import rules as people_rules
from caseapp.people.models import Need, PlacementRequirement
from caseapp.referral.models import Referral
from caseapp.shelter.models import HOLDING, Stay

PRIORITY_KIND = {"EMERGENCY": "urgent", "HIGH": "warning", "MEDIUM": "info", "LOW": "neutral"}
REFERRAL_KIND = {
    "ACCEPTED": "good", "STARTED": "good", "COMPLETED": "good", "SENT": "info", "INFO_ASKED": "warning",
    "PART_ACCEPTED": "warning", "DRAFT": "neutral",
}  # fmt: skip


def needs_shown(file: File, *, sealed: bool = False) -> list[dict[str, Any]]:
    """Open needs with what answers each; those whose code is sealed only where `sealed` asks for them."""
    shown = [n for n in file.needs if n.state == "OPEN" and is_sealed("need_code", n.code) is sealed]
    return [
        {
            "label": reference.label("need_code", n.code),
            "priority": reference.label("need_priority", n.priority),
            "kind": PRIORITY_KIND[n.priority],
            "reason": n.reason or "",
            "since": _("desde el %(day)s", day=day(n.recorded_on)),
            "answers": _answers(n, file),
            "href": url_for("protection.need", number=file.glance.case.number, need_id=n.id),
        }
        for n in shown
    ]


def _answers(need: Need, file: File) -> list[dict[str, Any]]:
    services = rules.services_for(need.code, need.category)
    found = [
        {
            "text": f"{reference.label('service_kind', a.referral.sector)}: {lower(reference.label('referral_state', a.referral.state))}",
            "kind": REFERRAL_KIND[a.referral.state],
            "href": referral_href(a),
        }
        for a in file.referrals
        if a.referral.kind in services and a.referral.state in REFERRAL_KIND and a.outcome != "NOT_ACCEPTED"
    ]
    if "SHELTER" in services:
        found += [
            {"text": f"{s.site.name}: {lower(stay_state(s))}", "kind": "good", "href": None}
            for s in file.stays
            if s.state in HOLDING
        ]
    return found


def referral_href(asked: Asked) -> str | None:
    return linked("referral.show", number=asked.referral.number)


def referrals_shown(referrals: Iterable[Asked], timezone: str) -> list[dict[str, Any]]:
    """Referrals line by line; a sealed reason speaks with its neutral label."""
    return [
        {
            "service": reference.label("service_kind", a.referral.sector),
            "to": a.to,
            "by": a.by,
            "state": reference.label("referral_state", "WITHDRAWN" if a.left else a.referral.state),
            "kind": "neutral" if a.left else REFERRAL_KIND.get(a.referral.state, "neutral"),
            "priority": reference.label("referral_priority", a.referral.priority),
            "reason": _decline(a.referral),
            "made": moment(a.referral.sent_at or a.referral.made_at, timezone),
            "href": referral_href(a),
        }
        for a in referrals
    ]


def _decline(referral: Referral) -> str:
    if referral.decline_reason is None:
        return ""
    return reference.outside_label("decline_reason", referral.decline_reason) or ""


def stay_state(stay: Stay) -> str:
    return reference.label("stay_state", stay.state)


def stays_shown(stays: Iterable[Stay]) -> list[dict[str, Any]]:
    """Stays line by line; where to after them with the neutral label."""
    return [
        {
            "site": s.site.name,
            "nights": _("%(a)s a %(b)s", a=day(s.first_night), b=day(s.last_night)),
            "state": stay_state(s),
            "kind": "good" if s.state == "IN" else "info" if s.state == "BOOKED" else "neutral",
            "ended": reference.outside_label("stay_end_reason", s.end_reason) if s.end_reason else "",
        }
        for s in stays
    ]


def requirements_shown(rows: Iterable[PlacementRequirement]) -> list[dict[str, Any]]:
    return [
        {
            "label": reference.label("placement_requirement", r.requirement),
            "detail": r.detail or "",
            "life": r.life_critical,
        }
        for r in rows
    ]


def consents_shown(file: File) -> list[dict[str, Any]]:
    """The newest answer to each purpose; a sealed purpose is left out."""
    newest: dict[str | None, CodeRow] = {c.a: c for c in file.of("consent") if c.c != "CHILD_ASSENT"}
    rows = [c for c in newest.values() if not is_sealed("consent_purpose", c.a)]
    return [
        {
            "purpose": reference.label("consent_purpose", c.a or ""),
            "who": reference.label("consent_given_by", c.c or "SELF"),
            "state": reference.label("consent_state", _standing(c, file)),
            "kind": "good" if _standing(c, file) == "GIVEN" else "neutral",
            "given_to": c.d or "",
            "until": _("hasta el %(day)s", day=day(c.ended))
            if c.ended and _standing(c, file) == "GIVEN"
            else "",
        }
        for c in rows
    ]


def _standing(consent: CodeRow, file: File) -> str:
    if consent.b == "GIVEN" and consent.ended and consent.ended < file.glance.on:
        return "EXPIRED"
    return consent.b or "NOT_ASKED"


def documents_shown(file: File) -> list[dict[str, Any]]:
    """Kinds of documents and how long they are valid; numbers are not shown here."""
    return [
        {
            "label": reference.label("document_type", d.a or ""),
            "by": reference.country_label(d.b) if d.b else "",
            "until": day(d.ended) if d.ended else "",
            "seen": d.c == "YES",
        }
        for d in file.of("document")
    ]


def claims_shown(file: File) -> list[dict[str, Any]]:
    """Claims that the person is in, the newest first; one that is sealed is not among them."""
    return [
        {
            "kind_of": reference.label("claim_application_type", c.a or "N"),
            "lodged": day(c.day) if c.day else "",
            "state": _claim_state(c),
            "ended": day(c.ended) if c.ended else "",
            "tag": "info"
            if c.ended is None
            else "good"
            if c.b in ("RECOGNISED", "COMPLEMENTARY")
            else "neutral",
        }
        for c in reversed(file.claims())
    ]


def _claim_state(claim: CodeRow) -> str:
    if claim.b:
        return reference.label("decision_outcome", claim.b)
    if claim.c:
        return reference.label("claim_closure_reason", claim.c)
    return _("En trámite") if claim.day else _("Por presentar")


def custody_shown(file: File) -> list[dict[str, Any]]:
    """Times in custody, the newest first, and how many safeguards of the first day nobody has asked about."""
    found = []
    for row in sorted(file.of("custody"), key=lambda c: (c.day or date.min, c.id), reverse=True):
        held = row.b != "RELEASED"
        missing = len(custody_rules.asked_of(row.d == "YES")) - (row.n or 0) if held else 0
        found.append(
            {
                "place": row.c,
                "since": day(row.day),
                "state": _("En custodia") if held else reference.label("custody_exit", row.a or "TIME_LIMIT"),
                "tag": "warning" if held else "neutral",
                "ended": "" if held else day(row.ended),
                "missing": missing,
            }
        )
    return found


def plans_shown(file: File) -> list[dict[str, Any]]:
    """Plans and the newest step of each; a sealed pathway is left out."""
    found = []
    for plan in reversed(file.of("plan")):
        if is_sealed("solution_pathway", plan.a):
            continue
        steps = [s for s in file.of("step") if s.other == plan.id]
        newest = max(steps, key=lambda s: (s.day is not None, s.day, s.id)) if steps else None
        found.append(
            {
                "pathway": reference.label("solution_pathway", plan.a or ""),
                "step": reference.label("solution_step", newest.a or "") if newest else "",
                "on": day(newest.day) if newest else day(plan.day),
                "ended": plan.ended is not None,
            }
        )
    return found


def screenings_shown(file: File) -> list[dict[str, Any]]:
    """Talks, the newest first: what follows from them stands among the needs; a sealed outcome is left out."""
    timezone, number = file.glance.site.timezone, file.glance.case.number
    found = []
    for s in reversed(file.of("screening")):
        outcomes = [
            o.a for o in file.of("outcome") if o.other == s.id and not is_sealed("screening_outcome", o.a)
        ]
        found.append(
            {
                "started": moment(s.at, timezone),
                "state": {
                    "STARTED": _("Empezada"),
                    "COMPLETED": _("Concluida"),
                    "UNFINISHED": _("No concluida"),
                }[s.a or ""],
                "kind": {"STARTED": "info", "COMPLETED": "good", "UNFINISHED": "warning"}[s.a or ""],
                "why": reference.label("screening_incomplete_reason", s.c) if s.c else "",
                "outcomes": [
                    reference.label("screening_outcome", o) for o in outcomes if o and o != "INCOMPLETE"
                ],
                "href": _screening_href(number, s),
            }
        )
    return found


def _screening_href(number: str, row: CodeRow) -> str:
    endpoint = "protection.result" if row.a == "STARTED" else "protection.show"
    return url_for(endpoint, number=number, screening_id=row.id)


def members_shown(file: File) -> list[dict[str, Any]]:
    """The household, with how each is related to this person, by what evidence."""
    known = related(file)
    return [
        {
            "name": present.name_of(m.person),
            "number": m.case.number,
            "age": present.age_text(m.person, file.glance.on),
            "relation": _relation(file, m.case.id, m.head),
            "evidence": ""
            if m.case.id in known or m.case.id == file.glance.case.id
            else _evidence(file, m.case.id),
            "href": None
            if m.case.id == file.glance.case.id
            else url_for("casefile.show", number=m.case.number),
            "current": m.case.id == file.glance.case.id,
        }
        for m in file.members
    ]


def _relation(file: File, case_id: UUID, head: bool) -> str:
    """What the other is to this person: «Madre o padre»."""
    if case_id == file.glance.case.id:
        return _("esta persona, cabeza de familia") if head else _("esta persona")
    for row in file.of("has"):
        if row.other == case_id and row.a:
            return reference.label("relation", row.a)
    for row in file.of("is_of"):
        if row.other == case_id and row.a:
            return reference.label("relation", people_rules.inverse(row.a))
    return _("sin vínculo anotado")


def _evidence(file: File, case_id: UUID) -> str:
    for row in (*file.of("has"), *file.of("is_of")):
        if row.other == case_id and row.b:
            return reference.label("relation_evidence", row.b)
    return ""


def contacts_shown(file: File) -> list[dict[str, str]]:
    return [
        {
            "rule": reference.label("contact_rule", c.rule),
            "facts": " · ".join(p for p in (c.number or "", c.via or "", c.hours or "") if p),
        }
        for c in file.contacts
    ]


def outcomes_sealed(file: File) -> list[str]:
    return [
        reference.label("screening_outcome", o.a)
        for o in file.of("outcome")
        if o.a and is_sealed("screening_outcome", o.a)
    ]


def plans_sealed(file: File) -> list[str]:
    return [
        reference.label("solution_pathway", p.a)
        for p in file.of("plan")
        if p.a and is_sealed("solution_pathway", p.a) and p.ended is None
    ]
