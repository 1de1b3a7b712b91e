"""What stands at the head of a file and must not be missed: identity, alerts, clocks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from caseapp.casefile import rules
from caseapp.casefile.alerting import alert_facts, codes_of
from caseapp.casefile.queries.file import CodeRow, File, Glance
from caseapp.core import clock, reference
from caseapp.core.i18n import _, ngettext
from caseapp.deadline.rules import due_at
from caseapp.deadline.show import clock_shown
from caseapp.people import present
from caseapp.people import rules as people_rules
from caseapp.people.models import Person
from caseapp.people.queries import birth_of
from caseapp.protection.queries import began_at
from caseapp.referral.models import Referral

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
    that a supervisor knows of (a request to close, a note of theirs, a relative who interpreted, an unfinished
    talk, a relation not yet verified), so that it says nothing."""
    codes = codes_of(file)
    shown = in_words(codes)
    return shown, len(shown) < len(codes) or _has_sealed(file) or _supervisor_knows(file)


def in_words(codes: Iterable[str], *, sealed: bool = False) -> list[dict[str, str]]:
    """Alerts with what to do; sealed ones have no words but on the private page, which asks for them."""
    return [
        {
            "code": code,
            "label": reference.label("alert", code),
            "todo": reference.text("alert", code, "what_to_do"),
            "kind": ALERT_KIND.get(reference.group_of("alert", code) or "", "info"),
        }
        for code in codes
        if ("S" in reference.code("alert", code).flags) is sealed
    ]


def sealed_by_rule(file: File) -> list[dict[str, str]]:
    """Sealed alerts that follow from what the file holds, for the private page: with the hours that are left."""
    facts = alert_facts(file)
    left = {"PEP_WINDOW": rules.PEP_HOURS, "EC_WINDOW": rules.EC_HOURS}
    found = in_words(rules.alerts(facts), sealed=True)
    for each in found:
        if each["code"] in left and facts.incident_hours is not None:
            hours = max(1, int(left[each["code"]] - facts.incident_hours))
            said = ngettext("Queda %(num)s hora.", "Quedan %(num)s horas.", hours)
            each["todo"] = f"{each['todo']} {said}"
    return found


def _has_sealed(file: File) -> bool:
    return (
        any(n.state == "OPEN" and is_sealed("need_code", n.code) for n in file.needs)
        or any(is_sealed("screening_outcome", o.a) for o in file.of("outcome"))
        or any(is_sealed("solution_pathway", p.a) and p.ended is None for p in file.of("plan"))
        or bool(file.clocks(sealed=True) or file.claims(sealed=True))
    )


def _supervisor_knows(file: File) -> bool:
    screenings = file.of("screening")
    return bool(
        file.of("request")
        or any(row.ended is None or row.ended >= file.glance.on for row in file.of("kept"))
        or any(s.d == "FAMILY_MEMBER" for s in screenings)
        or (screenings and screenings[-1].a == "UNFINISHED")
        or any(r.b == "CLAIMED" for r in (*file.of("is_of"), *file.of("has")))
    )


def clocks_of(file: File) -> list[dict[str, Any]]:
    """Deadlines that run, the late ones first: the first screening, answers to referrals, and what the engine keeps."""
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
    found += [engine_clock(row, timezone) for row in file.clocks()]
    found += [c for a in file.referrals if (c := referral_clock(a.referral, timezone))]
    return sorted(found, key=lambda c: (c["state"] != "late", c["at_iso"]))


def engine_clock(row: CodeRow, timezone: str) -> dict[str, Any]:
    """A clock of the engine: what is awaited and until when."""
    assert row.a and row.at and row.day
    start = clock.at(row.day, 0, 0, timezone)
    what = reference.label("clock", row.a)
    return clock_shown(row.at, timezone, start=start, paused=row.b == "PAUSED", what=what)


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
