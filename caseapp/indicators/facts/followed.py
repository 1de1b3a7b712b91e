"""What was asked for or found, counted on the day on which its time is over, and whether it had been answered by then
(docs/decisions/0052-count-an-answer-when-its-time-is-over.md)."""

from __future__ import annotations

from caseapp.indicators.facts.pieces import IN_ORDER, REACHED, listed, row_of
from caseapp.indicators.facts.tables import PERIOD

#: Within how many days a need is answered (P2-02), a child is enrolled (P2-12), studies are recognised (P2-13): own.
ANSWERED_WITHIN, ENROLLED_WITHIN, RECOGNISED_WITHIN = 30, 90, 180
#: Within how many days whoever is identified at a border is referred (P1-04), the Washington Group is asked (P2-15), a
#: returned child has a process (P1-21), a displaced person a programme (P4-11), a property its measure (P4-13): own.
REFERRED_WITHIN, ASKED_WITHIN, PROCESS_WITHIN, ACCESS_WITHIN, MEASURE_WITHIN = 7, 30, 30, 90, 90
#: How long a best-interests assessment that was made within its own limit may wait for its approval (P1-20): own.
ASSESSED_WITHIN = 30


def _followed(first: str, then: str, days: str, *, yes: str, no: str, once: bool = False) -> str:
    """What was asked for or found, counted on the day on which its time is over (and so never twice, nor again when it is
    answered late): whether the person had the answer by then. With `once` each person only the first time."""
    of = (
        f"(SELECT DISTINCT ON (person) * FROM event e WHERE {first} ORDER BY person, {IN_ORDER})"
        if once
        else "event"
    )
    over = f"(e.effective_on + {days})"
    answered = (
        f"EXISTS (SELECT FROM event l WHERE l.person = e.person AND {then} AND l.effective_on <= {over} "
        "AND (l.effective_on, l.recorded_at, l.position) >= (e.effective_on, e.recorded_at, e.position))"
    )
    stage = f"CASE WHEN {answered} THEN '{yes}' ELSE '{no}' END"
    return f"SELECT {row_of('e', on=over, stage=stage)}, {PERIOD.format(on=over)} AS period FROM {of} e WHERE {first}"


NEEDS_ANSWERED = _followed(
    "e.kind = 'need.recorded' AND e.need_category IS NOT NULL",
    f"l.kind = 'service.delivered' AND l.need_category = e.need_category AND l.outcome IN ({listed(REACHED)})",
    str(ANSWERED_WITHIN),
    yes="ASSISTED",
    no="NOT_YET",
)
ENTITLEMENTS = _followed(
    "e.kind = 'assistance.approved'",
    "l.kind = 'assistance.delivered' AND l.subject_key = e.subject_key",
    "coalesce(e.number, 0)",
    yes="IN_TIME",
    no="NOT_IN_TIME",
)
SCHOOLING = _followed(
    "e.kind = 'person.registered' AND e.age_band IN ('5-11', '12-17')",
    "l.kind = 'education.enrolled'",
    str(ENROLLED_WITHIN),
    yes="ENROLLED",
    no="NOT_ENROLLED",
    once=True,
)
VALIDATIONS = _followed(
    "e.kind = 'education.asked' AND e.code = 'VALIDATION'",
    "l.kind = 'education.recognised'",
    str(RECOGNISED_WITHIN),
    yes="RECOGNISED",
    no="NOT_YET",
)
IDENTIFIED = _followed(
    "e.kind = 'screening.outcome' AND e.outcome = 'IP_NEED' AND e.site_kind = 'BORDER_POINT'",
    "l.kind = 'referral.sent' AND l.code = 'ASYLUM_AUTHORITY'",
    str(REFERRED_WITHIN),
    yes="REFERRED",
    no="NOT_REFERRED",
)
WG_ASKED = _followed(
    "e.kind = 'person.registered' AND e.age_band <> '0-4'",
    "l.kind = 'assessment.completed' AND l.code = 'WG_SS'",
    str(ASKED_WITHIN),
    yes="ASKED",
    no="NOT_ASKED",
    once=True,
)
RETURNED_CHILDREN = _followed(
    "e.kind = 'child.returned_received'",
    "l.kind = 'screening.outcome' AND l.outcome = 'CHILD_PROCESS'",
    str(PROCESS_WITHIN),
    yes="OPENED",
    no="NOT_OPENED",
)
BEST_INTERESTS = _followed(
    "((e.kind = 'need.recorded' AND e.code IN ('SC-UC', 'SC-SC')) OR (e.kind = 'person.registered' "
    "AND e.household_type IN ('CHILD_UNACCOMPANIED', 'CHILD_SEPARATED'))) AND e.age_band IN ('0-4', '5-11', '12-17')",
    "l.kind = 'bia.completed' AND l.code <> 'LATE'",
    str(ASSESSED_WITHIN),
    yes="ASSESSED",
    no="NOT_IN_TIME",
    once=True,
)
IDP_ACCESS = _followed(
    "e.kind IN ('person.registered', 'population.changed') AND e.population = 'IDP'",
    "l.kind IN ('referral.accepted', 'referral.part_accepted') AND l.sector = 'SOCIAL_REGISTRY'",
    str(ACCESS_WITHIN),
    yes="ACCEPTED",
    no="NOT_YET",
    once=True,
)
PROPERTIES_DUE = _followed(
    "e.kind = 'property.registered'",
    "l.kind = 'property.measure' AND l.outcome = 'ACTIVE' AND l.subject_key = e.subject_key",
    str(MEASURE_WITHIN),
    yes="ACTIVE",
    no="NOT_ACTIVE",
)

SELECTS = {
    "needs_answered": NEEDS_ANSWERED,
    "identified": IDENTIFIED,
    "wg_asked": WG_ASKED,
    "returned_children": RETURNED_CHILDREN,
    "best_interests": BEST_INTERESTS,
    "idp_access": IDP_ACCESS,
    "properties_due": PROPERTIES_DUE,
    "entitlements": ENTITLEMENTS,
    "schooling": SCHOOLING,
    "validations": VALIDATIONS,
}
