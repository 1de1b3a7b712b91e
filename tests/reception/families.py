"""Made-up families for tests of people and reception."""

from __future__ import annotations

from datetime import date
from typing import Any

from caseapp.people.rules import Birth
from caseapp.people.service import NewContact, NewDocument, NewFamily, NewPerson

TODAY = date(2025, 11, 23)


def born(day: date) -> Birth:
    return Birth("DAY", day, day)


def adult(**values: Any) -> NewPerson:
    return NewPerson(
        **{
            "given_names": "Rosa Elena", "surname_1": "Quispeluna", "surname_2": "Xitumul",
            "birth": born(date(1988, 4, 12)), "sex_in_document": "F", "nationalities": ("HND",),
            "languages": ("spa",), "populations": ("ASYLUM_SEEKER",), **values,
        }
    )  # fmt: skip


def family_of_five() -> NewFamily:
    """A couple, two children of both and a cousin of the mother."""
    child = {
        "surname_1": "Zambranillo",
        "surname_2": "Quispeluna",
        "evidence": "DOCUMENT",
        "relation_to_head": "CHILD",
    }
    return NewFamily(
        (
            adult(
                documents=(NewDocument("PASSPORT", "F1234567", "HND", seen=True),),
                contacts=(NewContact("SAFE_TO_TEXT", "+504 9988 7766", "OWN"),),
            ),
            adult(given_names="Wilmer", surname_1="Zambranillo", surname_2="Oquelí", sex_in_document="M",
                  birth=born(date(1985, 1, 30)), relation_to_head="SPOUSE"),
            adult(given_names="Nahomy", sex_in_document="F", birth=born(date(2012, 6, 1)), **child),
            adult(given_names="Yostin", sex_in_document="M", birth=born(date(2019, 2, 28)), **child),
            adult(given_names="Kenia", surname_1="Quispeluna", surname_2="", birth=born(date(2003, 9, 9)),
                  relation_to_head="COUSIN"),
        )
    )  # fmt: skip
