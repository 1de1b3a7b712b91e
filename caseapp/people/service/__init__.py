"""The verbs of people: each changes rows, writes its events and flushes; none commits."""

from caseapp.people.service.register import (
    KnownPerson,
    NewContact,
    NewDocument,
    NewFamily,
    NewPerson,
    NewRelation,
    Numbers,
    Registered,
    fresh_number,
    open_case,
    register,
)

__all__ = [
    "KnownPerson", "NewContact", "NewDocument", "NewFamily", "NewPerson", "NewRelation", "Numbers", "Registered",
    "fresh_number", "open_case", "register",
]  # fmt: skip
