"""Head counts without names become facts: one fact for each head, each of a person of its own whom nobody knows.

An entry of twelve is twelve persons of twelve households, so a cell is small by the same rule as any other: it rests
on one to four heads, however many entries they come from (docs/decisions/0210-heads-count-as-persons.md). An entry
that was taken back counts nothing; a −1 (somebody counted at the arrival has registered) takes the last head of its
cell away, and the others stay the same heads. Nothing leads back from a head: its id is a digest of its entry's
pseudonym and its place in the row.
"""

from __future__ import annotations

from caseapp.indicators.cubes import Domain, domains
from caseapp.indicators.facts.pieces import listed, select_classes, select_tests
from caseapp.indicators.facts.tables import COLUMNS, PERIOD, Target

SOURCE = "heads"

# Entries about nobody in particular, as they stand today.
_ENTRIES = """
    SELECT j.position, j.id, j.kind, j.effective_on, j.recorded_at, coalesce(j.site, 'OTH') AS site,
           coalesce(j.subject_key, j.id) AS entry, j.code, j.reason, j.reason_group, j.sector, j.outcome, j.population,
           j.number, j.need_category, coalesce(j.sex, 'O') AS sex, coalesce(j.age_band, '18-59') AS age_band,
           coalesce(j.origin, 'UNK') AS origin, coalesce(j.household_type, 'UNKNOWN') AS household_type,
           {period} AS period
    FROM facts.journal j
    WHERE j.country = :country AND j.kind IN ({kinds}) AND j.person_key IS NULL AND j.number IS NOT NULL
      AND NOT EXISTS (SELECT FROM taken_back t WHERE t.id = j.id) {only}
"""
# The periods that the new events lie in: their own, and those of what they take back, or give back.
_TOUCHED = """
    WITH RECURSIVE told AS (
        SELECT j.id, j.withdraws_id, j.kind, j.effective_on
        FROM facts.journal j JOIN seed s ON s.event_id = j.id WHERE s.person_key IS NULL
        UNION
        SELECT j.id, j.withdraws_id, j.kind, j.effective_on
        FROM facts.journal j JOIN told ON j.id = told.withdraws_id
    )
    SELECT DISTINCT {period} AS period FROM told AS j WHERE j.kind IN ({kinds})
"""
_CELL = (
    "e.entry, e.period, e.effective_on, e.site, e.sex, e.age_band, e.origin, e.household_type, "
    "coalesce(e.code, ''), {stage}, {sector}"
)


def count_heads(target: Target) -> None:
    """Replace the facts of head counts: all of the country's, or those of the periods that the new events (`seed`)
    touch, leaving the touched (domain, period) in `bucket`. Needs `taken_back` and `bucket`."""
    everything = target.everybody
    counted = {name: domain for name, domain in domains().items() if domain.source == SOURCE}
    if not counted:
        return
    kinds = listed(sorted({kind for domain in counted.values() for kind in domain.kinds}))
    period = PERIOD.format(on="j.effective_on")
    only = "" if everything else f"AND {period} IN (SELECT period FROM touched)"
    if not everything:
        target.fresh("touched", _TOUCHED.format(period=period, kinds=kinds))
        if not target.run("SELECT EXISTS (SELECT FROM touched)").scalar_one():
            return
    target.fresh("headcount", _ENTRIES.format(period=period, kinds=kinds, only=only))
    those = f"country = :country AND domain IN ({listed(counted)}) AND period IN (SELECT period FROM touched)"
    if not everything:
        target.run(
            f"WITH gone AS (DELETE FROM {{fact}} WHERE {those} RETURNING domain, period) "
            "INSERT INTO bucket SELECT DISTINCT domain, period FROM gone"
        )
    for domain in counted.values():
        target.run(f"INSERT INTO {{fact}} ({COLUMNS['fact']}) {select_heads(domain)}")
    if not everything:
        target.run(f"INSERT INTO bucket SELECT DISTINCT domain, period FROM {{fact}} WHERE {those}")


def select_heads(domain: Domain) -> str:
    """The select that gives a domain's facts, one a head, from the temporary table `headcount`."""
    tests = [f"e.kind IN ({listed(domain.kinds)})", *select_tests(domain.where)]
    cell = _CELL.format(stage=select_classes(domain.stage), sector=select_classes(domain.sector))
    return f"""
        WITH cell AS (
            SELECT {cell}, min(e.recorded_at), sum(e.number)::int FROM headcount e WHERE {" AND ".join(tests)}
            GROUP BY {", ".join(str(n) for n in range(1, 12))}
        ), head AS (
            SELECT md5(concat_ws('|', c.entry, c.effective_on, c.site, c.sex, c.age_band, c.origin,
                                 c.code, c.stage, c.sector, i))::uuid AS id, c.*
            FROM cell AS c(entry, period, effective_on, site, sex, age_band, origin, household_type, code, stage,
                           sector, recorded_at, heads)
            CROSS JOIN LATERAL generate_series(1, c.heads) AS i
        )
        SELECT {listed([domain.name])}, h.id, h.period, :country, h.id, h.id, h.site, h.effective_on, h.recorded_at,
               h.sex, h.age_band, h.origin, h.household_type, h.stage, h.sector, 1
        FROM head h
    """
