"""How events become facts: one select for each `source` of `config/reference/cubes.yml`.

Each reads the temporary table `event` (a person's events as they stand) and `:until`, the first day of the
month that is not over. Order among a person's events is always effective_on, recorded_at, position.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from caseapp.indicators.cubes import Domain
from caseapp.indicators.facts.tables import PERIOD

IN_ORDER = "effective_on, recorded_at, position"
#: Within how many hours of arrival a first contact should be screened (P1-03); events carry whole hours, cut off.
SCREENED_WITHIN = 24
# A stay that ended so never was one; a case's step that ends a plan.
NO_STAY = ("DATA_ERROR", "NEVER_ARRIVED")
PLAN_ENDS = ("HELD_12M", "REFUSED", "FAILED", "STOPPED_BY_PERSON")
RECOGNISED = ("RECOGNISED", "COMPLEMENTARY")
PROTECTED_POPULATIONS = ("REFUGEE", "COMPLEMENTARY")
#: Results by which a service reached the person.
REACHED = ("DELIVERED_FULL", "DELIVERED_PART")
#: Within how many days a need is answered (P2-02), a child is enrolled (P2-12), studies are recognised (P2-13): own.
ANSWERED_WITHIN, ENROLLED_WITHIN, RECOGNISED_WITHIN = 30, 90, 180
#: Within how many days whoever is identified at a border is referred (P1-04), the Washington Group is asked (P2-15), a
#: returned child has a process (P1-21), a displaced person a programme (P4-11), a property its measure (P4-13): own.
REFERRED_WITHIN, ASKED_WITHIN, PROCESS_WITHIN, ACCESS_WITHIN, MEASURE_WITHIN = 7, 30, 30, 90, 90


def listed(values: Iterable[str]) -> str:
    """A list for IN (…); only codes of the house come here."""
    found = list(values)
    for value in found:
        if not value.replace("-", "").replace("_", "").replace(".", "").replace("+", "").isalnum():
            raise ValueError(f"{value!r} is not a code")
    return ", ".join(f"'{value}'" for value in found)


def _row(
    of: str, *, on: str = "", stage: str = "''", sector: str = "''", amount: str = "1", site: str = ""
) -> str:
    """The columns of a fact that come straight from the event `of`."""
    on = on or f"{of}.effective_on"
    return (
        f"{of}.id, {of}.person, {of}.household, {site or of + '.site'} AS site, {on} AS effective_on, {of}.recorded_at, "
        f"{of}.sex, {of}.age_band, {of}.origin, {of}.household_type, {stage} AS stage, {sector} AS sector, "
        f"{amount} AS amount"
    )


def select_for(domain: Domain) -> str:
    """The select that gives a domain's facts, with `period` last."""
    if domain.source == "occurrences":
        return _occurrences(domain)
    return SELECTS[domain.source]


def _occurrences(domain: Domain) -> str:
    tests = [f"e.kind IN ({listed(domain.kinds)})", *select_tests(domain.where)]
    stage, sector = select_classes(domain.stage), select_classes(domain.sector)
    return (
        f"SELECT {_row('e', stage=stage, sector=sector)}, {PERIOD.format(on='e.effective_on')} AS period "
        f"FROM event e WHERE {' AND '.join(tests)}"
    )


def select_tests(where: Mapping[str, object]) -> list[str]:
    """Conditions on an event's columns: codes, or for `number` a span {from, below}, either end of which may lack."""
    found = []
    for column, wanted in where.items():
        if isinstance(wanted, Mapping):
            found += [f"e.{column} >= {int(wanted['from'])}"] if "from" in wanted else []
            found += [f"e.{column} < {int(wanted['below'])}"] if "below" in wanted else []
        else:
            found.append(f"e.{column} IN ({listed(wanted)})")  # type: ignore[arg-type]
    return found


def select_classes(how: Mapping[str, object]) -> str:
    """The first of the `cases` that an event passes, otherwise `rest`; without cases, nothing."""
    if not how:
        return "''"
    cases: Mapping[str, Mapping[str, object]] = how["cases"]  # type: ignore[assignment]
    whens = " ".join(
        f"WHEN {' AND '.join(select_tests(where))} THEN '{name}'" for name, where in cases.items()
    )
    return f"CASE {whens} ELSE {listed([str(how['rest'])])} END"


_REGISTRATIONS = f"""
    WITH arrived AS (SELECT person, min(effective_on) AS day FROM event WHERE kind = 'intake.opened' GROUP BY person),
    in_time AS (
        SELECT DISTINCT s.person FROM event s JOIN arrived a USING (person)
        WHERE s.kind = 'screening.completed'
          AND (s.number < {SCREENED_WITHIN} OR (s.number IS NULL AND s.effective_on = a.day))
    )
    SELECT {_row("e", stage="CASE WHEN a.person IS NULL THEN 'NO_INTAKE' WHEN i.person IS NULL THEN 'LATER_OR_NOT' ELSE 'WITHIN_24H' END")},
           {PERIOD.format(on="e.effective_on")} AS period
    FROM event e LEFT JOIN arrived a USING (person) LEFT JOIN in_time i USING (person)
    WHERE e.kind = 'person.registered'
"""

# A claim ends once (again after it was reopened): with the first decision on its merits, or closed without one.
_CLAIM_ENDINGS = f"""
    WITH step AS (
        SELECT e.*, coalesce(subject_key, person) AS claim,
               count(*) FILTER (WHERE kind = 'claim.reopened') OVER (
                   PARTITION BY person, coalesce(subject_key, person) ORDER BY {IN_ORDER}) AS round
        FROM event e
        WHERE kind IN ('claim.closed', 'claim.reopened') OR (kind = 'decision.made' AND outcome IS NOT NULL)
    ), ending AS (
        SELECT DISTINCT ON (person, claim, round) * FROM step WHERE kind <> 'claim.reopened'
        ORDER BY person, claim, round, {IN_ORDER}
    )
    SELECT {
    _row(
        "e",
        stage='''CASE WHEN e.outcome IN ('RECOGNISED', 'COMPLEMENTARY', 'REJECTED') THEN e.outcome
           WHEN e.reason_group = 'WITHDRAWN' THEN 'CLOSED_WITHDRAWN' WHEN e.reason_group = 'LOST' THEN 'CLOSED_LEFT'
           WHEN e.reason_group = 'NOT_ADMITTED' THEN 'CLOSED_NOT_ADMITTED' ELSE 'CLOSED_OTHER' END''',
        sector="CASE WHEN e.kind = 'claim.closed' THEN 'CLOSED' ELSE coalesce(e.reason_group, 'NO_LIMIT') END",
    )
},
           {PERIOD.format(on="e.effective_on")} AS period
    FROM ending e
"""

# A referral of a person counts once, in the month in which it ended, by how it ended and whether its answer
# (the first one) came within the time of its priority. The site is the one that sent it.
_REFERRAL_ENDINGS = f"""
    WITH step AS (
        SELECT e.*, coalesce(subject_key, id) AS referral FROM event e WHERE kind IN (
            'referral.sent', 'referral.accepted', 'referral.part_accepted', 'referral.declined',
            'referral.withdrawn', 'referral.lapsed', 'referral.completed', 'referral.not_completed')
    ), sent AS (
        SELECT DISTINCT ON (person, referral) person, referral, site, sector FROM step
        WHERE kind = 'referral.sent' ORDER BY person, referral, {IN_ORDER}
    ), answer AS (
        SELECT DISTINCT ON (person, referral) person, referral,
               CASE WHEN outcome = 'ON_TIME' THEN '_ON_TIME' ELSE '_LATE' END AS timing
        FROM step WHERE kind IN ('referral.accepted', 'referral.part_accepted', 'referral.declined')
        ORDER BY person, referral, {IN_ORDER}
    ), ending AS (
        SELECT DISTINCT ON (person, referral) * FROM step
        WHERE kind IN ('referral.declined', 'referral.withdrawn', 'referral.lapsed', 'referral.completed',
                       'referral.not_completed')
        ORDER BY person, referral, {IN_ORDER}
    )
    SELECT {
    _row(
        "e",
        site="coalesce(s.site, e.site)",
        sector="coalesce(s.sector, e.sector, '')",
        stage='''CASE
           WHEN e.kind = 'referral.lapsed' THEN 'LAPSED'
           WHEN e.kind = 'referral.withdrawn' AND a.person IS NULL THEN 'WITHDRAWN'
           WHEN e.kind = 'referral.completed' THEN 'COMPLETED' || coalesce(a.timing, '_LATE')
           WHEN e.kind <> 'referral.declined' THEN 'NOT_COMPLETED' || coalesce(a.timing, '_LATE')
           WHEN e.reason_group = 'CAPACITY' THEN 'NO_CAPACITY' || a.timing
           ELSE 'DECLINED' || a.timing END''',
    )
},
           {PERIOD.format(on="e.effective_on")} AS period
    FROM ending e LEFT JOIN sent s USING (person, referral) LEFT JOIN answer a USING (person, referral)
"""

# Nights of a stay in each period that is over; a night is named by the evening on which it begins.
_NIGHTS = f"""
    WITH gone AS (SELECT person, min(effective_on) AS day FROM event WHERE kind = 'person.erased' GROUP BY person),
    began AS (
        SELECT DISTINCT ON (person, coalesce(subject_key, id)) e.*, coalesce(subject_key, id) AS stay FROM event e
        WHERE kind = 'stay.started' ORDER BY person, coalesce(subject_key, id), {IN_ORDER}
    ), ended AS (
        SELECT DISTINCT ON (person, subject_key) person, subject_key AS stay, effective_on, reason FROM event
        WHERE kind = 'stay.ended' ORDER BY person, subject_key, {IN_ORDER}
    ), spell AS (
        SELECT b.*, least(coalesce(x.effective_on, g.day, :until), g.day, :until) AS to_on
        FROM began b LEFT JOIN ended x USING (person, stay) LEFT JOIN gone g USING (person)
        WHERE coalesce(x.reason, '') NOT IN ({listed(NO_STAY)})
    )
    SELECT {_row("e", on="greatest(e.effective_on, c.starts)", amount="least(e.to_on, c.ends) - greatest(e.effective_on, c.starts)")},
           c.period
    FROM spell e JOIN calendar c ON c.starts < e.to_on AND c.ends > e.effective_on
    WHERE e.to_on > e.effective_on
"""

# A person counts at a quarter's end if any of their cases is open that evening, with the codes of their latest
# event; by whether they are recognised and whether a plan for a solution is under way.
_OPEN_CASES = f"""
    WITH word AS (
        SELECT e.*, lead(effective_on) OVER (PARTITION BY own_key ORDER BY {IN_ORDER}) AS to_on FROM event e
        WHERE kind IN ('case.opened', 'case.reopened', 'case.closed', 'person.erased')
    ), quarter AS (
        SELECT to_char(d, 'YYYY"-Q"Q') AS period, (d + interval '3 months')::date - 1 AS day
        FROM generate_series(date '2013-01-01', CAST(:until AS date) - interval '3 months', interval '3 months') d
    ), standing AS (
        SELECT DISTINCT ON (w.person, q.period) w.*, q.period, q.day
        FROM word w JOIN quarter q ON w.effective_on <= q.day AND (w.to_on IS NULL OR w.to_on > q.day)
        WHERE w.kind IN ('case.opened', 'case.reopened')
        ORDER BY w.person, q.period, w.effective_on DESC, w.recorded_at DESC, w.position DESC
    ), recognised AS (
        SELECT person, min(effective_on) AS day FROM event
        WHERE (kind = 'decision.made' AND outcome IN ({listed(RECOGNISED)}))
           OR (kind = 'population.changed' AND population IN ({listed(PROTECTED_POPULATIONS)}))
        GROUP BY person
    ), plan AS (
        SELECT p.person, p.effective_on AS from_on, min(s.effective_on) AS to_on
        FROM event p LEFT JOIN event s ON s.kind = 'solution.step' AND s.person = p.person
             AND s.subject_key = p.subject_key AND s.outcome IN ({listed(PLAN_ENDS)})
        WHERE p.kind = 'solution.planned' GROUP BY p.id, p.person, p.effective_on
    )
    SELECT o.id, o.person, o.household, o.site, o.day AS effective_on, o.recorded_at,
           k.sex, k.age_band, k.origin, k.household_type,
           CASE WHEN r.person IS NULL THEN 'NOT_RECOGNISED'
                WHEN EXISTS (SELECT FROM plan p WHERE p.person = o.person AND p.from_on <= o.day
                             AND (p.to_on IS NULL OR p.to_on > o.day)) THEN 'RECOGNISED_WITH_PLAN'
                ELSE 'RECOGNISED_WITHOUT_PLAN' END AS stage,
           '' AS sector, 1 AS amount, o.period
    FROM standing o
    LEFT JOIN recognised r ON r.person = o.person AND r.day <= o.day
    CROSS JOIN LATERAL (
        SELECT k.sex, k.age_band, k.origin, k.household_type FROM event k
        WHERE k.own_key = o.own_key AND k.effective_on <= o.day
        ORDER BY k.effective_on DESC, k.recorded_at DESC, k.position DESC LIMIT 1
    ) k
"""

# A claim waits at a quarter's end if it was lodged and has neither been decided on its merits nor closed.
_OPEN_CLAIMS = f"""
    WITH word AS (
        SELECT e.*, coalesce(subject_key, person) AS claim,
               lead(effective_on) OVER (PARTITION BY own_key, coalesce(subject_key, person) ORDER BY {IN_ORDER}) AS to_on
        FROM event e
        WHERE kind IN ('claim.lodged', 'claim.reopened', 'claim.closed', 'person.erased')
           OR (kind = 'decision.made' AND outcome IS NOT NULL)
    ), quarter AS (
        SELECT to_char(d, 'YYYY"-Q"Q') AS period, (d + interval '3 months')::date - 1 AS day
        FROM generate_series(date '2013-01-01', CAST(:until AS date) - interval '3 months', interval '3 months') d
    ), gone AS (
        SELECT own_key, min(effective_on) AS day FROM event WHERE kind = 'person.erased' GROUP BY own_key
    )
    SELECT DISTINCT ON (e.person, q.period) {_row("e", on="q.day")}, q.period
    FROM word e JOIN quarter q ON e.effective_on <= q.day AND (e.to_on IS NULL OR e.to_on > q.day)
    LEFT JOIN gone g ON g.own_key = e.own_key
    WHERE e.kind IN ('claim.lodged', 'claim.reopened') AND (g.day IS NULL OR g.day > q.day)
    ORDER BY e.person, q.period, e.effective_on DESC, e.recorded_at DESC, e.position DESC
"""

# An eligibility interview, and whether the person had legal advice before it.
_INTERVIEWS = f"""
    SELECT {
    _row(
        "e",
        stage='''CASE WHEN EXISTS (SELECT FROM event l WHERE l.kind = 'legal_aid.session' AND l.person = e.person
               AND (l.effective_on, l.recorded_at, l.position) < (e.effective_on, e.recorded_at, e.position))
           THEN 'ADVISED' ELSE 'NOT_ADVISED' END''',
    )
},
           {PERIOD.format(on="e.effective_on")} AS period
    FROM event e WHERE e.kind = 'interview.held'
"""


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
    return f"SELECT {_row('e', on=over, stage=stage)}, {PERIOD.format(on=over)} AS period FROM {of} e WHERE {first}"


_NEEDS_ANSWERED = _followed(
    "e.kind = 'need.recorded' AND e.need_category IS NOT NULL",
    f"l.kind = 'service.delivered' AND l.need_category = e.need_category AND l.outcome IN ({listed(REACHED)})",
    str(ANSWERED_WITHIN),
    yes="ASSISTED",
    no="NOT_YET",
)
_ENTITLEMENTS = _followed(
    "e.kind = 'assistance.approved'",
    "l.kind = 'assistance.delivered' AND l.subject_key = e.subject_key",
    "coalesce(e.number, 0)",
    yes="IN_TIME",
    no="NOT_IN_TIME",
)
_SCHOOLING = _followed(
    "e.kind = 'person.registered' AND e.age_band IN ('5-11', '12-17')",
    "l.kind = 'education.enrolled'",
    str(ENROLLED_WITHIN),
    yes="ENROLLED",
    no="NOT_ENROLLED",
)
_VALIDATIONS = _followed(
    "e.kind = 'education.asked' AND e.code = 'VALIDATION'",
    "l.kind = 'education.recognised'",
    str(RECOGNISED_WITHIN),
    yes="RECOGNISED",
    no="NOT_YET",
)
_IDENTIFIED = _followed(
    "e.kind = 'screening.outcome' AND e.outcome = 'IP_NEED' AND e.site_kind = 'BORDER_POINT'",
    "l.kind = 'referral.sent' AND l.code = 'ASYLUM_AUTHORITY'",
    str(REFERRED_WITHIN),
    yes="REFERRED",
    no="NOT_REFERRED",
)
_WG_ASKED = _followed(
    "e.kind = 'person.registered' AND e.age_band <> '0-4'",
    "l.kind = 'assessment.completed' AND l.code = 'WG_SS'",
    str(ASKED_WITHIN),
    yes="ASKED",
    no="NOT_ASKED",
    once=True,
)
_RETURNED_CHILDREN = _followed(
    "e.kind = 'child.returned_received'",
    "l.kind = 'screening.outcome' AND l.outcome = 'CHILD_PROCESS'",
    str(PROCESS_WITHIN),
    yes="OPENED",
    no="NOT_OPENED",
)
_IDP_ACCESS = _followed(
    "e.kind IN ('person.registered', 'population.changed') AND e.population = 'IDP'",
    "l.kind IN ('referral.accepted', 'referral.part_accepted') AND l.sector = 'SOCIAL_REGISTRY'",
    str(ACCESS_WITHIN),
    yes="ACCEPTED",
    no="NOT_YET",
    once=True,
)
_PROPERTIES_DUE = _followed(
    "e.kind = 'property.registered'",
    "l.kind = 'property.measure' AND l.outcome = 'ACTIVE' AND l.subject_key = e.subject_key",
    str(MEASURE_WITHIN),
    yes="ACTIVE",
    no="NOT_ACTIVE",
)
# The day on which a person had received the second of three kinds of service: legal, social, psychological.
_PACKAGES = f"""
    WITH kind_of AS (
        SELECT e.*, CASE e.sector WHEN 'LEGAL' THEN 'LEGAL' WHEN 'MHPSS' THEN 'MHPSS' ELSE 'SOCIAL' END AS what
        FROM event e
        WHERE e.kind = 'service.delivered' AND e.outcome IN ({listed(REACHED)})
          AND e.sector IN ('LEGAL', 'MHPSS', 'SOCIAL_REGISTRY', 'LIVELIHOODS')
    ), begun AS (
        SELECT DISTINCT ON (person, what) * FROM kind_of ORDER BY person, what, {IN_ORDER}
    ), counted AS (
        SELECT b.*, row_number() OVER (PARTITION BY person ORDER BY {IN_ORDER}) AS turn FROM begun b
    )
    SELECT {_row("e")}, {PERIOD.format(on="e.effective_on")} AS period FROM counted e WHERE e.turn = 2
"""

SELECTS = {
    "needs_answered": _NEEDS_ANSWERED,
    "identified": _IDENTIFIED,
    "wg_asked": _WG_ASKED,
    "returned_children": _RETURNED_CHILDREN,
    "idp_access": _IDP_ACCESS,
    "properties_due": _PROPERTIES_DUE,
    "packages": _PACKAGES,
    "entitlements": _ENTITLEMENTS,
    "schooling": _SCHOOLING,
    "validations": _VALIDATIONS,
    "open_claims": _OPEN_CLAIMS,
    "interviews": _INTERVIEWS,
    "registrations": _REGISTRATIONS,
    "claim_endings": _CLAIM_ENDINGS,
    "referral_endings": _REFERRAL_ENDINGS,
    "nights": _NIGHTS,
    "open_cases": _OPEN_CASES,
}
