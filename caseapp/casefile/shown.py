"""A file as its page shows it: plain values for the components, in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import url_for

from caseapp.casefile import rules
from caseapp.casefile.alerting import alert_facts, related
from caseapp.casefile.linking import linked
from caseapp.casefile.queries.file import Asked, CodeRow, File, Glance
from caseapp.core import reference
from caseapp.core.i18n import _, ngettext
from caseapp.core.pages import day, moment
from caseapp.deadline.rules import due_at
from caseapp.deadline.show import clock_shown
from caseapp.people import present
from caseapp.people import rules as people_rules
from caseapp.people.models import Need, Person, PlacementRequirement
from caseapp.people.queries import birth_of
from caseapp.protection.queries import began_at
from caseapp.referral.models import Referral
from caseapp.shelter.models import HOLDING, Stay

PRIORITY_KIND = {"EMERGENCY": "urgent", "HIGH": "warning", "MEDIUM": "info", "LOW": "neutral"}
REFERRAL_KIND = {
    "ACCEPTED": "good", "STARTED": "good", "COMPLETED": "good", "SENT": "info", "INFO_ASKED": "warning",
    "PART_ACCEPTED": "warning", "DRAFT": "neutral",
}  # fmt: skip
ALERT_KIND = {"CHILD": "urgent", "HEALTH": "urgent", "SAFETY": "urgent", "LEGAL": "warning", "RECORD": "info"}


def is_sealed(list_name: str, code: str | None) -> bool:
    """Whether a code has no words outside its matter."""
    return code is not None and reference.outside_label(list_name, code, "es") is None


# -- who this is --------------------------------------------------------------------------------------
def age_plain(person: Person, glance: Glance) -> str:
    """The age without the word that says how sure it is: the identity bar says that itself."""
    known = people_rules.age_range(birth_of(person), glance.on)
    if known is None:
        return ""
    if present.certainty(person) == "exact":
        return present.age_text(person, glance.on)
    return ngettext("%(num)s año", "%(num)s años", (known[0] + known[1]) // 2)


def identity(glance: Glance, languages: Iterable[str], details: list[dict[str, str]]) -> dict[str, Any]:
    """The identity bar but for its alerts."""
    person = glance.person
    return {
        "name": present.name_of(person),
        "number": glance.case.number,
        "age": age_plain(person, glance),
        "certainty": present.certainty(person),
        "languages": [reference.language_label(code) for code in languages],
        "details": details,
    }


def details_of(file: File) -> list[dict[str, str]]:
    glance, person = file.glance, file.glance.person
    named = [("called", _("Le dicen"), person.called_name or "")] if person.called_name else []
    nations = [n.a for n in file.of("nationality") if n.a]
    now = [reference.label("population", p.a) for p in file.of("population") if p.ended is None and p.a]
    rows = [
        *named,
        ("nationality", _("Nacionalidad"), present.countries_text(nations) or _("No se sabe")),
        ("population", _("Situación"), ", ".join(now) or _("Sin anotar")),
        ("held", _("A cargo"), glance.assigned_to or glance.team),
    ]
    return [{"label": label, "value": value} for _key, label, value in rows]


# -- what must not be missed --------------------------------------------------------------------------
def alerts_of(file: File) -> tuple[list[dict[str, str]], bool]:
    """Alerts in words, and whether the one neutral mark is shown. The mark also stands for ordinary things
    that a supervisor knows of (a request to close, a relative who interpreted, an unfinished talk, a relation
    not yet verified), so that it says nothing."""
    codes = rules.alerts(alert_facts(file))
    shown = [
        {
            "code": code,
            "label": reference.label("alert", code),
            "todo": reference.text("alert", code, "what_to_do"),
            "kind": ALERT_KIND.get(reference.group_of("alert", code) or "", "info"),
        }
        for code in codes
        if "S" not in reference.code("alert", code).flags
    ]
    return shown, len(shown) < len(codes) or _has_sealed(file) or _supervisor_knows(file)


def _has_sealed(file: File) -> bool:
    return (
        any(n.state == "OPEN" and is_sealed("need_code", n.code) for n in file.needs)
        or any(is_sealed("screening_outcome", o.a) for o in file.of("outcome"))
        or any(is_sealed("solution_pathway", p.a) and p.ended is None for p in file.of("plan"))
    )


def _supervisor_knows(file: File) -> bool:
    screenings = file.of("screening")
    return bool(
        file.of("request")
        or any(s.d == "FAMILY_MEMBER" for s in screenings)
        or (screenings and screenings[-1].a == "UNFINISHED")
        or any(r.b == "CLAIMED" for r in (*file.of("is_of"), *file.of("has")))
    )


def clocks_of(file: File) -> list[dict[str, Any]]:
    """Deadlines that run: the first screening, and answers to referrals."""
    found = []
    timezone = file.glance.site.timezone
    intake = file.intake_event
    screened = any(s.a == "COMPLETED" for s in file.of("screening"))
    if intake and intake.day and intake.at and not screened and file.glance.case.status == "OPEN":
        began = began_at(intake.day, intake.at, timezone)
        due = due_at(
            reference.clock_rule("SCREENING_FIRST", intake.day, file.glance.case.country), began, timezone
        )
        if due is not None:
            rule = _("La primera entrevista se concluye en 24 horas desde la llegada.")
            found.append(clock_shown(due, timezone, start=began, what=_("entrevista"), rule=rule))
    return found + [c for a in file.referrals if (c := referral_clock(a.referral, timezone))]


def referral_clock(referral: Referral, timezone: str) -> dict[str, Any] | None:
    """The clock of a referral that waits for its answer."""
    if referral.state not in ("SENT", "INFO_ASKED") or referral.due_at is None:
        return None
    what = _("respuesta de %(service)s", service=lower(reference.label("service_kind", referral.sector)))
    return clock_shown(
        referral.due_at, timezone, start=referral.sent_at, paused=referral.paused_at is not None, what=what
    )


def lower(words: str) -> str:
    return words[:1].lower() + words[1:]


# -- sections -----------------------------------------------------------------------------------------
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
            "state": reference.label("referral_state", a.referral.state),
            "kind": REFERRAL_KIND.get(a.referral.state, "neutral"),
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
    return [
        {
            "kind_of": reference.label("claim_application_type", c.a or "N"),
            "lodged": day(c.day),
            "state": _claim_state(c),
            "ended": day(c.ended) if c.ended else "",
            "tag": "info"
            if c.ended is None
            else "good"
            if c.b in ("RECOGNISED", "COMPLEMENTARY")
            else "neutral",
        }
        for c in reversed(file.of("claim"))
    ]


def _claim_state(claim: CodeRow) -> str:
    if claim.b:
        return reference.label("decision_outcome", claim.b)
    return reference.label("claim_closure_reason", claim.c) if claim.c else _("En trámite")


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
