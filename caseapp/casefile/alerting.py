"""From a file to the plain values that the rules of alerts look at."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from caseapp.casefile import rules
from caseapp.casefile.queries.file import CodeRow, File
from caseapp.core import clock, reference
from caseapp.people import present
from caseapp.people import rules as people_rules
from caseapp.protection.queries import began_at
from caseapp.shelter.models import GIVEN
from caseapp.shelter.night import rules as night_rules
from caseapp.shelter.rules import AT_RISK

_PARTNERS = frozenset({"SPOUSE", "PARTNER"})


def alert_facts(file: File) -> rules.AlertFacts:
    """What `rules.alerts` asks of a file."""
    person, on = file.glance.person, file.glance.on
    adults = {
        m.case.id for m in file.members if not present.is_child(m.person, on) and m.person is not person
    }
    child = present.is_child(person, on)
    return rules.AlertFacts(
        today=on,
        child=child,
        age_disputed=person.age_status == "DISPUTED_TREATED_AS_CHILD",
        turns_18_on=_turns_18(person.birth_precision, person.birth_from) if child else None,
        adults_here=len(adults),
        related_adults_here=len(related(file) & adults),
        in_union=any(r.a in _PARTNERS and r.b != "DISPROVED" for r in (*file.of("is_of"), *file.of("has"))),
        guardian=bool(file.of("guardian")),
        custody=_in_custody(file),
        interpreter_needed=bool(person.interpreter_needed),
        possible_duplicates=len(file.of("duplicate")),
        consents_end=[
            c.ended
            for c in _standing_consents(file)
            if c.a and c.ended and people_rules.consent_warned_from(c.a, c.ended) <= on
        ],
        documents_end=[d.ended for d in file.of("document") if d.ended],
        requirements=[r.requirement for r in file.requirements],
        legal_clocks=[day for r, day in _clock_days(file) if r.c == "LEGAL" and r.b != "PAUSED"],
        stays_in=next((row.a for row in file.of("limit")), None),
        going_to=_going_to(file),
        **_absence(file),
        **_health(file),
        signature_due=next((day for r, day in _clock_days(file) if r.a == "CLAIM_SIGN_IN"), None),
    )


def _absence(file: File) -> dict[str, Any]:
    """How long the file is open, and whether somebody at risk is gone. A need without words outside its matter puts
    nobody on a screen."""
    glance = file.glance
    timezone, intake = glance.site.timezone, file.intake_event
    began = clock.at(glance.case.opened_on, 0, 0, timezone)
    if intake and intake.day and intake.at:
        began = began_at(intake.day, intake.at, timezone)
    gone = [
        s.left_at for s in file.stays if s.state == "ENDED" and s.left_at and s.end_destination in AT_RISK
    ]
    urgent = any(
        n.state == "OPEN"
        and n.priority in ("EMERGENCY", "HIGH")
        and reference.outside_label("need_code", n.code)
        for n in file.needs
    )
    return {
        "hours_here": (clock.now() - began) / timedelta(hours=1),
        "gone_on": clock.local(max(gone), timezone).date() if gone else None,
        "reached_on": next((row.day for row in file.of("reached")), None),
        "housed": any(s.state in GIVEN for s in file.stays),
        "missing": _missing(file),
        "at_risk": urgent
        or any(present.is_child(p, glance.on) for p in (glance.person, *(m.person for m in file.members))),
    }


def _missing(file: File) -> bool:
    """Whether the last roll of the house where the person sleeps is one of an absence that is an alert."""
    inside = {s.id for s in file.stays if s.state == "IN"}
    marks = {r.day: r.a for r in file.of("presence") if r.other in inside and r.day and r.a}
    if not marks:
        return False
    people = (file.glance.person, *(m.person for m in file.members))
    with_child = any(present.is_child(p, file.glance.on) for p in people)
    away = night_rules.nights_away(marks, max(marks))
    return night_rules.signal(away, with_child=with_child) is night_rules.Signal.ALERT


def _health(file: File) -> dict[str, Any]:
    """Days on which care must not come late."""
    at = {row.a: row.at for row in file.of("health") if row.at}
    timezone = file.glance.site.timezone

    def local(kind: str) -> date | None:
        return clock.local(at[kind], timezone).date() if kind in at else None

    since = at.get("INCIDENT")
    return {
        "medicine_ends": local("MEDICINE"),
        "term_from": local("PREGNANCY"),
        "incident_hours": (clock.now() - since) / timedelta(hours=1) if since else None,
        "man": file.glance.person.sex_in_document == "M",
    }


def _going_to(file: File) -> set[str]:
    """The states in which a place is held, or asked and not refused. A safe house is nowhere."""
    held = {s.site.admin1 for s in file.stays if s.state in GIVEN and s.site.kind != "SAFE_HOUSE"}
    asked = {row.a for row in file.of("going")}
    return {place for place in held | asked if place}


def _clock_days(file: File) -> list[tuple[CodeRow, date]]:
    """The clocks that run, with their last local days; sealed ones are not among them."""
    timezone = file.glance.site.timezone
    return [(row, clock.local(row.at, timezone).date()) for row in file.clocks() if row.at is not None]


def codes_of(file: File) -> tuple[str, ...]:
    """The alerts of a file that its reader may know of, in the order of the list: those that follow from what it
    holds, and those that somebody raised."""
    found = {*rules.alerts(alert_facts(file)), *(r.a for r in file.of("alert") if r.a)}
    return tuple(c.code for c in reference.codes("alert") if c.code in found)


def keeping_open(file: File) -> tuple[str, ...]:
    """The same, and one that the supervision alone sees: it keeps the file open for everybody."""
    kept = any(r.a == "ALERT" for r in file.of("kept"))
    return (*codes_of(file), *(("SUPERVISION",) if kept else ()))


def related(file: File) -> set[UUID]:
    """The cases of people who by evidence are parents, guardians or near relatives of this person."""
    found = set()
    for row in file.of("has"):
        if row.other and people_rules.is_related(row.a or "", row.b or ""):
            found.add(row.other)
    for row in file.of("is_of"):
        if row.other and people_rules.is_related(people_rules.inverse(row.a or "NONE"), row.b or ""):
            found.add(row.other)
    return found


def _standing_consents(file: File) -> list[CodeRow]:
    """The newest answer to each purpose, where it is a yes."""
    newest = {c.a: c for c in file.of("consent")}
    return [c for c in newest.values() if c.b == "GIVEN"]


def _in_custody(file: File) -> bool:
    """In custody now; an exit that nobody has confirmed yet is none."""
    return any(c.b != "RELEASED" for c in file.of("custody"))


def _turns_18(precision: str, birth: date | None) -> date | None:
    if precision != "DAY" or birth is None:
        return None
    try:
        return birth.replace(year=birth.year + people_rules.ADULT)
    except ValueError:  # 29 February
        return date(birth.year + people_rules.ADULT, 3, 1)
