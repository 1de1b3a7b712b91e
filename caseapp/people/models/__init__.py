"""The shared nouns of casework. A *case* is one person's file; a *household* groups files, so that a
case closes per person, a family can be split without a trace, and every person has a data key."""

from caseapp.people.models.case import AccessScope, Case, CaseAccess, CaseStatus
from caseapp.people.models.consent import Consent
from caseapp.people.models.contact import Contact, ContactAttempt
from caseapp.people.models.duplicate import DuplicateCandidate, NameToken
from caseapp.people.models.health import Guardian, HealthDate
from caseapp.people.models.household import Household, HouseholdMember, Relation
from caseapp.people.models.movement import MovementException, MovementLimit
from caseapp.people.models.need import Need, PlacementRequirement
from caseapp.people.models.person import (
    BirthPrecision,
    IdentityDocument,
    Person,
    PersonLanguage,
    PersonNationality,
    PersonPopulation,
)
from caseapp.people.models.separation import SafetySeparation
from caseapp.people.models.waiver import ConsentWaiver

__all__ = [
    "AccessScope", "BirthPrecision", "Case", "CaseAccess", "CaseStatus", "Consent", "ConsentWaiver", "Contact",
    "ContactAttempt", "DuplicateCandidate", "Guardian", "HealthDate", "Household", "HouseholdMember", "IdentityDocument",
    "MovementException", "MovementLimit", "NameToken", "Need", "Person", "PersonLanguage", "PersonNationality", "PersonPopulation",
    "PlacementRequirement", "Relation", "SafetySeparation",
]  # fmt: skip
