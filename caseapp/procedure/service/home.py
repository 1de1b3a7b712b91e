"""Those who are at home: a declaration of displacement, what they left and what protects it, reception after return."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from caseapp.core import access, reference
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, says
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.people.events import happened
from caseapp.people.models import Case
from caseapp.places.models import Site
from caseapp.procedure import events
from caseapp.procedure.models import Displacement, Property, ReturneeReception
from caseapp.procedure.rules import home as rules

says("ck_property_measure_after_registered", rules.MeasureBefore)
says("uq_displacement_case_id_displaced_on_from_place", rules.WrittenAlready)
says("uq_returnee_reception_case_id_received_on", rules.WrittenAlready)


def _now(case: Case) -> set[str]:
    return {p.population for p in people.populations_of(case.id) if p.ended_on is None}


def _prefix(country: str) -> str:
    """What the P-codes of a country begin with; nothing where it has none here."""
    known = reference.admin1(country)
    return known[0].pcode[:2] if known else ""


def declare_displacement(case: Case, *, place: str, on: date) -> Displacement:
    """From where the person was displaced, and when. Raises the errors of `rules.may_declare`."""
    today = people.today_of(case)
    rules.may_declare(_now(case), place, _prefix(case.country), on, today)
    row = Displacement(
        case_id=case.id, from_place=place, displaced_on=on, declared_on=today, recorded_by_id=access.current().user_id
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


@dataclass(frozen=True)
class NewProperty:
    """What is declared of something left behind; `whereabouts` is sealed."""

    kind: str
    tenure: str
    happened: str
    place: str
    whereabouts: str = ""


def register_property(case: Case, new: NewProperty, *, on: date) -> Property:
    """Writes property.registered, with the municipality and no more. Raises the errors of `rules.may_declare`."""
    rules.may_declare(_now(case), new.place, _prefix(case.country), on, people.today_of(case))
    row = Property(
        case_id=case.id, kind=new.kind, tenure=new.tenure, happened=new.happened, place=new.place, registered_on=on
    )  # fmt: skip
    row.whereabouts = new.whereabouts.strip() or None
    session.add(row)
    happened(events.PROPERTY_REGISTERED, case, on=on, subject_id=row.id, code=new.kind, place=new.place)
    session.flush()
    return row


def change_measure(case: Case, row: Property, to: str, *, on: date, version: int | None = None) -> None:
    """The measure that protects a property was asked for, is in force, or is no more. Writes property.measure. Raises
    the errors of `rules.may_change_measure`, ChangedMeanwhile."""
    if version is not None and version != row.version:
        raise ChangedMeanwhile
    rules.may_change_measure(row.measure, to, row.registered_on, on, people.today_of(case))
    row.measure, row.measure_on = to, on
    happened(events.PROPERTY_MEASURE, case, on=on, subject_id=row.id, code=row.kind, outcome=to)
    session.flush()


def receive_returned(case: Case, *, from_country: str, how: str, on: date) -> ReturneeReception:
    """Somebody was received after coming back; of a child child.returned_received is written, with the state of the
    office. Raises the errors of `rules.may_receive`."""
    rules.may_receive(_now(case), on, people.today_of(case))
    row = ReturneeReception(
        case_id=case.id, received_on=on, from_country=from_country, how=how, recorded_by_id=access.current().user_id
    )  # fmt: skip
    session.add(row)
    session.flush()
    if present.is_child(people.person_of(case), on):
        site = session.get_one(Site, case.site_id)
        happened(events.CHILD_RECEIVED, case, on=on, subject_id=row.id, place=site.admin1)
    session.flush()
    return row
