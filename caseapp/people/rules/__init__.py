"""Decisions about people as pure functions: plain values in, a decision or a named refusal out."""

from caseapp.people.rules.age import (
    ADULT,
    UNKNOWN_BIRTH,
    Birth,
    BirthIncomplete,
    BirthInFuture,
    age_band,
    age_range,
    birth_bounds,
    check_birth,
    is_child,
    years_between,
)
from caseapp.people.rules.closed import ON_CLOSED, FileClosed, may_happen
from caseapp.people.rules.consent import (
    AdultDecidesAlone,
    AdviceMissing,
    AloneMissing,
    ChildNeedsCarer,
    CountryMissing,
    FormMissing,
    NotCollectedHere,
    NotYetAsked,
    Overdue,
    Until,
    consent_ends_on,
    consent_warnings,
    may_consent,
    may_withdraw,
)
from caseapp.people.rules.household import Member, household_type, inverse, is_related, with_parent_or_carer
from caseapp.people.rules.number import check_character, is_number, number_of, prefix_of
from caseapp.people.rules.registration import (
    HeadMissing,
    NameMissing,
    NationalityMissing,
    NationalNotAsylumSeeker,
    NotMergeable,
    StatelessWithNationality,
    may_be,
    may_merge,
    may_register,
    sex_in_figures,
)

__all__ = [
    "ADULT", "ON_CLOSED", "UNKNOWN_BIRTH", "AdultDecidesAlone", "AdviceMissing", "AloneMissing", "Birth", "BirthInFuture", "BirthIncomplete",
    "ChildNeedsCarer", "CountryMissing", "FileClosed", "FormMissing", "HeadMissing", "Member", "NameMissing",
    "NationalNotAsylumSeeker", "NationalityMissing", "NotCollectedHere", "NotMergeable", "NotYetAsked", "Overdue",
    "StatelessWithNationality", "Until", "age_band", "age_range", "birth_bounds", "check_birth", "check_character",
    "consent_ends_on", "consent_warnings", "household_type", "inverse", "is_child", "is_number", "is_related",
    "may_be", "may_consent", "may_happen", "may_merge", "may_register", "may_withdraw", "number_of", "prefix_of",
    "sex_in_figures", "with_parent_or_carer", "years_between",
]  # fmt: skip
