"""How events become facts: one select for each `source` of `config/reference/cubes.yml`.

Each reads the temporary table `event` (a person's events as they stand) and `:until`, the first day of the
month that is not over. Order among a person's events is always effective_on, recorded_at, position.
"""

from __future__ import annotations

from caseapp.indicators.cubes import Domain
from caseapp.indicators.facts import followed
from caseapp.indicators.facts.pieces import IN_ORDER, REACHED, listed, row_of, select_classes, select_tests
from caseapp.indicators.facts.tables import PERIOD

#: Within how many hours of arrival a first contact should be screened (P1-03); events carry whole hours, cut off.
SCREENED_WITHIN = 24
# A stay that ended so never was one; a case's step that ends a plan.
NO_STAY = ("DATA_ERROR", "NEVER_ARRIVED")
PLAN_ENDS = ("HELD_12M", "REFUSED", "FAILED", "STOPPED_BY_PERSON")
RECOGNISED = ("RECOGNISED", "COMPLEMENTARY")
PROTECTED_POPULATIONS = ("REFUGEE", "COMPLEMENTARY")
#: A quarter's number: the next one's is greater by one.
QUARTER = "(extract(year FROM {on})::int * 4 + extract(quarter FROM {on})::int)"
#: How money reaches an account.
ACCOUNTS = ("CARD", "TRANSFER")
#: Within how many days of registration a child is known to be alone or apart from the parents (P1-19): own.
KNOWN_ALONE_WITHIN = 30


def select_for(domain: Domain) -> str:
    """The select that gives a domain's facts, with `period` last."""
    if domain.source == "occurrences":
        return _occurrences(domain)
    return SELECTS[domain.source]


def _occurrences(domain: Domain) -> str:
    tests = [f"e.kind IN ({listed(domain.kinds)})", *select_tests(domain.where)]
    stage, sector = select_classes(domain.stage), select_classes(domain.sector)
    return (
        f"SELECT {row_of('e', stage=stage, sector=sector)}, {PERIOD.format(on='e.effective_on')} AS period "
        f"FROM event e WHERE {' AND '.join(tests)}"
    )


def _at_each_quarter(spells: str, where: str = "true") -> str:
    """The rows of `spells` (from_on, to_on or null) once for each quarter at whose end they last, as `turn`: the quarter
    they begin in, up to the one before that in which they end. Needs `quarter`."""
    last = "(SELECT max(turn) FROM quarter)"
    ends = f"least(coalesce({QUARTER.format(on='to_on')} - 1, {last}), {last})"
    return f"SELECT *, generate_series({QUARTER.format(on='from_on')}, {ends}) AS turn FROM {spells} WHERE {where}"


# A child with a confirmed need as unaccompanied or separated counts as such, whatever the family is in the file.
_HOUSEHOLD_TYPE = f"""CASE WHEN e.age_band NOT IN ('0-4', '5-11', '12-17') THEN e.household_type
           WHEN n.unaccompanied_on <= e.effective_on + {KNOWN_ALONE_WITHIN} THEN 'CHILD_UNACCOMPANIED'
           WHEN n.separated_on <= e.effective_on + {KNOWN_ALONE_WITHIN} THEN 'CHILD_SEPARATED'
           ELSE e.household_type END"""
_REGISTRATIONS = f"""
    WITH arrived AS (SELECT person, min(effective_on) AS day FROM event WHERE kind = 'intake.opened' GROUP BY person),
    in_time AS (
        SELECT DISTINCT s.person FROM event s JOIN arrived a USING (person)
        WHERE s.kind = 'screening.completed'
          AND (s.number < {SCREENED_WITHIN} OR (s.number IS NULL AND s.effective_on = a.day))
    ), alone AS (
        SELECT person, min(effective_on) FILTER (WHERE code = 'SC-UC') AS unaccompanied_on,
               min(effective_on) FILTER (WHERE code = 'SC-SC') AS separated_on
        FROM event WHERE kind = 'need.recorded' AND code IN ('SC-UC', 'SC-SC') GROUP BY person
    )
    SELECT {
    row_of(
        "e",
        stage="CASE WHEN a.person IS NULL THEN 'NO_INTAKE' WHEN i.person IS NULL THEN 'LATER_OR_NOT' ELSE 'WITHIN_24H' END",
        household_type=_HOUSEHOLD_TYPE,
    )
},
           {PERIOD.format(on="e.effective_on")} AS period
    FROM event e LEFT JOIN arrived a USING (person) LEFT JOIN in_time i USING (person) LEFT JOIN alone n USING (person)
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
    row_of(
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
    row_of(
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
    SELECT {row_of("e", on="greatest(e.effective_on, c.starts)", amount="least(e.to_on, c.ends) - greatest(e.effective_on, c.starts)")},
           c.period
    FROM spell e JOIN calendar c ON c.starts < e.to_on AND c.ends > e.effective_on
    WHERE e.to_on > e.effective_on
"""

# A person counts at a quarter's end if any of their cases is open that evening, with the codes of their latest
# event; by whether they are recognised and whether a plan for a solution is under way; and by whether a claim of theirs
# was lodged and has neither been decided on its merits nor closed.
_OPEN_CASES = f"""
    WITH quarter AS (
        SELECT to_char(d, 'YYYY"-Q"Q') AS period, (d + interval '3 months')::date - 1 AS day, {QUARTER.format(on="d")} AS turn
        FROM generate_series(date '2013-01-01', CAST(:until AS date) - interval '3 months', interval '3 months') d
    ), word AS (
        SELECT id, person, own_key, household, site, kind, effective_on AS from_on, recorded_at, position,
               lead(effective_on) OVER (PARTITION BY own_key ORDER BY {IN_ORDER}) AS to_on
        FROM event WHERE kind IN ('case.opened', 'case.reopened', 'case.closed', 'person.erased')
    ), standing AS (
        SELECT DISTINCT ON (person, turn) *
        FROM ({_at_each_quarter("word", "kind IN ('case.opened', 'case.reopened')")}) w
        ORDER BY person, turn, from_on DESC, recorded_at DESC, position DESC
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
    ), planned AS (
        SELECT DISTINCT person, turn FROM ({_at_each_quarter("plan")}) p
    ), claim AS (
        SELECT e.person, e.kind, e.effective_on AS from_on,
               lead(effective_on) OVER (PARTITION BY own_key, coalesce(subject_key, person) ORDER BY {IN_ORDER}) AS to_on
        FROM event e
        WHERE kind IN ('claim.lodged', 'claim.reopened', 'claim.closed')
           OR (kind = 'decision.made' AND outcome IS NOT NULL)
    ), pending AS (
        SELECT DISTINCT person, turn FROM ({_at_each_quarter("claim", "kind IN ('claim.lodged', 'claim.reopened')")}) c
    )
    SELECT o.id, o.person, o.household, o.site, q.day AS effective_on, o.recorded_at,
           k.sex, k.age_band, k.origin, k.household_type,
           CASE WHEN r.person IS NULL THEN 'NOT_RECOGNISED'
                WHEN p.person IS NOT NULL THEN 'RECOGNISED_WITH_PLAN'
                ELSE 'RECOGNISED_WITHOUT_PLAN' END AS stage,
           CASE WHEN c.person IS NULL THEN 'NO_CLAIM_PENDING' ELSE 'CLAIM_PENDING' END AS sector, 1 AS amount, q.period
    FROM standing o
    JOIN quarter q USING (turn)
    JOIN profile k ON k.own_key = o.own_key AND q.day >= k.from_on AND q.day < k.to_on
    LEFT JOIN pending c ON c.person = o.person AND c.turn = o.turn
    LEFT JOIN planned p ON p.person = o.person AND p.turn = o.turn
    LEFT JOIN recognised r ON r.person = o.person AND r.day <= q.day
"""

# An eligibility interview, and whether the person had legal advice before it.
_INTERVIEWS = f"""
    SELECT {
    row_of(
        "e",
        stage='''CASE WHEN EXISTS (SELECT FROM event l WHERE l.kind = 'legal_aid.session' AND l.person = e.person
               AND (l.effective_on, l.recorded_at, l.position) < (e.effective_on, e.recorded_at, e.position))
           THEN 'ADVISED' ELSE 'NOT_ADVISED' END''',
    )
},
           {PERIOD.format(on="e.effective_on")} AS period
    FROM event e WHERE e.kind = 'interview.held'
"""


# What a person was given, with what else they were given in that month: money, and into an account or not; the second of
# three kinds of service (legal, social, psychological), which a person receives once.
_ASSISTED = f"""
    WITH given AS (
        SELECT e.*, to_char(effective_on, 'YYYY-MM') AS month FROM event e
        WHERE e.kind IN ('service.delivered', 'assistance.delivered', 'cash.delivered')
    ), kind_of AS (
        SELECT g.*, CASE g.sector WHEN 'LEGAL' THEN 'LEGAL' WHEN 'MHPSS' THEN 'MHPSS' ELSE 'SOCIAL' END AS what
        FROM given g
        WHERE g.kind = 'service.delivered' AND g.outcome IN ({listed(REACHED)})
          AND g.sector IN ('LEGAL', 'MHPSS', 'SOCIAL_REGISTRY', 'LIVELIHOODS')
    ), begun AS (
        SELECT DISTINCT ON (person, what) * FROM kind_of ORDER BY person, what, {IN_ORDER}
    ), turn AS (
        SELECT person, month, row_number() OVER (PARTITION BY person ORDER BY {IN_ORDER}) AS turn FROM begun
    ), second AS (
        SELECT person, month FROM turn WHERE turn = 2
    ), paid AS (
        SELECT person, month, bool_or(code IN ({listed(ACCOUNTS)})) AS by_account FROM given
        WHERE kind = 'cash.delivered' GROUP BY person, month
    )
    SELECT {
    row_of(
        "e",
        stage="CASE WHEN e.reason_group = 'STATE' THEN 'STATE' ELSE 'ANOTHER' END",
        sector="CASE WHEN p.by_account THEN 'ACCOUNT' WHEN p.person IS NOT NULL THEN 'IN_HAND' ELSE 'NOTHING' END"
        " || CASE WHEN s.person IS NOT NULL THEN '+SECOND' ELSE '' END",
    )
},
           {PERIOD.format(on="e.effective_on")} AS period
    FROM given e LEFT JOIN paid p USING (person, month) LEFT JOIN second s USING (person, month)
"""

SELECTS = {
    **followed.SELECTS,
    "assisted": _ASSISTED,
    "interviews": _INTERVIEWS,
    "registrations": _REGISTRATIONS,
    "claim_endings": _CLAIM_ENDINGS,
    "referral_endings": _REFERRAL_ENDINGS,
    "nights": _NIGHTS,
    "open_cases": _OPEN_CASES,
}
