"""Whom the directory says a service is for, against the people of a referral: who is offered, and why another is not.

What is not known of somebody never shuts them out, and neither does a disputed age. The reader holds the files: they may
read why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.accounts.queries import Offer
from caseapp.core import reference
from caseapp.core.db import session
from caseapp.core.i18n import _
from caseapp.people import present as people_present
from caseapp.people import queries as people
from caseapp.people import rules as people_rules
from caseapp.people.models import Case, PersonPopulation
from caseapp.places import present as directory
from caseapp.places import queries as places
from caseapp.places.models import Service, Site
from caseapp.places.rules.eligibility import Asked, why_not
from caseapp.referral.models import Referral
from caseapp.referral.queries import Subject
from caseapp.referral.rules import unlocking

NOT_OFFERED = frozenset({"ENDED", "NOT_YET"})


@dataclass(frozen=True)
class Fitted:
    """The services that may be asked with a word for each (by `Offer.key`: open or closed, not for whom), and a sentence
    for each that is not offered."""

    offered: list[Offer]
    words: dict[UUID, str]
    refused: list[str]


def fitted(offered: Sequence[Offer], subjects: Sequence[Subject], on: date, case: Case) -> Fitted:
    """Sort the services of a kind by what the directory says of them (two statements, whatever their number)."""
    found = Fitted([], {}, [])
    if not offered:
        return found
    entries = places.entries([(o.service, o.site, None) for o in offered])
    asked = _asked(subjects, on, case)
    for offer, entry in zip(offered, entries, strict=True):
        rules = places.for_whom(entry.service, entry.facts)
        misfits = [
            (s, grounds) for s, a in zip(subjects, asked, strict=True) if (grounds := why_not(rules, a))
        ]
        why_none = _why_none(entry, misfits, len(subjects))
        if why_none:
            found.refused.append(f"{offer.service.name} · {offer.site.name}: {why_none}")
            continue
        found.offered.append(offer)
        found.words[offer.key] = _words(entry, misfits)
    return found


def _asked(subjects: Sequence[Subject], on: date, case: Case) -> list[Asked]:
    """What is known of each; they are where the team works that holds the file."""
    ids = {s.case.id for s in subjects}
    household = people_rules.household_type(
        [people_rules.Member(s.child, bool(s.guardians & ids), bool(s.guardians & ids)) for s in subjects]
    )
    populations = (
        sa.select(sa.func.array_agg(PersonPopulation.population))
        .where(
            PersonPopulation.case_id == Case.id, PersonPopulation.since <= on,
            sa.or_(PersonPopulation.ended_on.is_(None), PersonPopulation.ended_on > on),
        )
        .correlate(Case)
        .scalar_subquery()
    )  # fmt: skip
    rows = session.execute(
        sa.select(Case.id, Site.admin1, Site.admin2, populations)
        .select_from(Case)
        .join(Team, Team.id == case.team_id)
        .outerjoin(Site, Site.id == Team.site_id)
        .where(Case.id.in_(ids))
    ).all()
    areas = frozenset(a for row in rows for a in (case.country, row[1], row[2]) if a)
    belongs = {row[0]: frozenset(row[3] or ()) for row in rows}
    return [
        Asked(
            s.person.sex_in_document, s.person.feels_safe_in, _age(s, on),
            belongs.get(s.case.id, frozenset()), household, areas,
        )
        for s in subjects
    ]  # fmt: skip


def _age(subject: Subject, on: date) -> tuple[int, int] | None:
    """The years that the age may be; None where it is not known or disputed."""
    if people_present.certainty(subject.person) == "disputed":
        return None
    return people_rules.age_range(people.birth_of(subject.person), on)


def _why_none(
    entry: places.Entry, misfits: list[tuple[Subject, tuple[str, ...]]], people_asked: int
) -> str | None:
    """Why a service is offered to nobody of these, in words; None where it is to somebody."""
    if entry.service.referral_method == "NOT_ACCEPTED":
        return reference.label("referral_method", "NOT_ACCEPTED").lower()
    if entry.opening.state in NOT_OFFERED:
        return directory.opening_text(entry.opening, directory.local_of(entry)).lower()
    if misfits and len(misfits) == people_asked:
        grounds = sorted({g for _subject, found in misfits for g in found})
        return ", ".join(directory.misfit_text(g, entry.service, entry.facts) for g in grounds)
    return None


def _words(entry: places.Entry, misfits: list[tuple[Subject, tuple[str, ...]]]) -> str:
    said = []
    if entry.opening.state != "UNKNOWN":
        said.append(directory.opening_text(entry.opening, directory.local_of(entry)).lower())
    for subject, grounds in misfits:
        why = ", ".join(directory.misfit_text(g, entry.service, entry.facts) for g in grounds)
        said.append(_("no es para %(name)s: %(why)s", name=people_present.name_of(subject.person), why=why))
    return " · ".join(said)


def _entry_asked(found: Referral) -> places.Entry | None:
    """The entry of the directory that a referral asks: its receiver's, for its kind."""
    rows = session.execute(
        sa.select(Service, Site)
        .join(Site, Site.id == Service.site_id)
        .where(_of_receiver(found), Service.kind == found.kind)
    ).all()
    return places.entries([(service, site, None) for service, site in rows])[0] if rows else None


def _of_receiver(found: Referral) -> sa.ColumnElement[bool]:
    entry = found.to_team.stands_for_id
    return Service.team_id == found.to_team_id if entry is None else Service.id == entry


def published(found: Referral) -> frozenset[str]:
    """The grounds on which the entry that was asked publishes a rule: another was not told to anybody beforehand."""
    entry = _entry_asked(found)
    if entry is None:
        return frozenset()
    rules = places.for_whom(entry.service, entry.facts)
    told = {
        "SEX": rules.sexes, "POPULATION": rules.populations, "HOUSEHOLD": rules.households, "AREA": rules.areas,
        "AGE": rules.age_from is not None or rules.age_to is not None,
    }  # fmt: skip
    return frozenset(ground for ground, given in told.items() if given)


def rule_choices(found: Referral) -> list[tuple[str, str]]:
    """The rules that a NOT_ELIGIBLE may name, each in the words of the entry."""
    entry, grounds = _entry_asked(found), published(found)
    named = []
    for code in unlocking.codes_of("NOT_ELIGIBLE"):
        if not unlocking.may_name(code, grounds):
            continue
        words, ground = reference.label(unlocking.LIST, code), unlocking.PUBLISHED_AS.get(code)
        if ground and entry is not None:
            words += f": {directory.misfit_text(ground, entry.service, entry.facts)}"
        named.append((code, words))
    return named
