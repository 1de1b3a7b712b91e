"""What may be done with a claim, its documents, and the duties that come with it."""

from caseapp.procedure.rules.claim import (
    APPLICATION_TYPES,
    CLOSURE_GROUPS,
    LEADING,
    LEFT_REASONS,
    OUTCOMES,
    REOPENING,
    ROLES,
    AbandonmentByClock,
    ClaimEnded,
    ClaimOpen,
    DateBefore,
    DateInFuture,
    NationalAtHome,
    NotInClaim,
    OutcomeMissing,
    PrincipalStays,
    ReasonUnknown,
    may_belong,
    may_close,
    may_leave,
    may_lodge,
    population_after,
)
from caseapp.procedure.rules.steps import (
    APPEALABLE,
    DECIDED_WITHIN,
    FIRST,
    MAY_REPEAT,
    MEETS,
    STARTS,
    STEPS,
    NotNext,
    Taken,
    may_take,
    next_steps,
    within,
)

__all__ = [
    "APPEALABLE", "APPLICATION_TYPES", "CLOSURE_GROUPS", "DECIDED_WITHIN", "FIRST", "LEADING", "LEFT_REASONS", "MAY_REPEAT", "MEETS",
    "OUTCOMES", "REOPENING", "ROLES", "STARTS", "STEPS", "AbandonmentByClock", "ClaimEnded", "ClaimOpen", "DateBefore",
    "DateInFuture", "NationalAtHome", "NotInClaim", "NotNext", "OutcomeMissing", "PrincipalStays", "ReasonUnknown",
    "Taken", "may_belong", "may_close", "may_leave", "may_lodge", "may_take", "next_steps", "population_after", "within",
]  # fmt: skip
