"""The verbs of people: each changes rows, writes its events and flushes; none commits."""

from caseapp.people.service.consent import (
    NewConsent,
    expire_consent,
    expire_consents,
    record_consent,
    withdraw_consent,
)
from caseapp.people.service.contact import end_contact, record_attempt, set_contact
from caseapp.people.service.correct import (
    PersonDetails,
    check_version,
    correct_person,
    details_of,
    restate,
    set_gender_self,
)
from caseapp.people.service.erase import erase
from caseapp.people.service.household import (
    begin_population,
    change_population,
    end_population,
    form_household,
    join_household,
    leave_household,
    name_head,
    record_relation,
    split_household,
)
from caseapp.people.service.merge import decide_candidate, merge, note_candidate, rest_pairs, unmerge
from caseapp.people.service.movement import (
    add_document,
    end_movement_limit,
    limit_movement,
    renew_document,
)
from caseapp.people.service.need import (
    change_need,
    end_need,
    end_requirement,
    meet_need,
    record_need,
    set_requirement,
)
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
from caseapp.people.service.search import Found, Hit, Likeness, registered_already, search

__all__ = [
    "Found", "Hit", "KnownPerson", "Likeness", "NewConsent", "NewContact", "NewDocument", "NewFamily", "NewPerson",
    "NewRelation", "Numbers", "PersonDetails", "Registered", "add_document", "begin_population", "change_need", "change_population",
    "check_version", "correct_person", "decide_candidate", "details_of", "end_contact", "end_movement_limit", "end_need",
    "end_population", "end_requirement", "erase", "expire_consent", "expire_consents", "form_household",
    "fresh_number", "join_household", "leave_household", "limit_movement", "meet_need", "merge", "name_head", "note_candidate",
    "open_case", "record_attempt", "record_consent", "record_need", "record_relation", "register",
    "registered_already", "renew_document", "rest_pairs", "restate", "search", "set_contact", "set_gender_self", "set_requirement",
    "split_household", "unmerge", "withdraw_consent",
]  # fmt: skip
