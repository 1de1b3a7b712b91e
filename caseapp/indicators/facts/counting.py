"""Facts of the affected persons, the markers of their atoms, and the cells that these touch.

The markers are those of `caseapp.publication.cube.markers`, for what is known now: publication gives the
released ones once, when a month is released, and they never change after.
"""

from __future__ import annotations

from datetime import date

from caseapp.indicators.cubes import domains, numbers
from caseapp.indicators.facts.pieces import listed, select_label
from caseapp.indicators.facts.sources import select_for
from caseapp.indicators.facts.tables import COLUMNS, Target

_CALENDAR = """
    SELECT to_char(d, 'YYYY-MM') || piece AS period, starts, ends
    FROM generate_series(date '2013-01-01', CAST(:until AS date) - interval '1 month', interval '1 month') d
    CROSS JOIN LATERAL (
        SELECT '' AS piece, d::date AS starts, (d + interval '1 month')::date AS ends WHERE to_char(d, 'MM') <> '10'
        UNION ALL SELECT 'a', d::date, d::date + 26 WHERE to_char(d, 'MM') = '10'
        UNION ALL SELECT 'b', d::date + 26, (d + interval '1 month')::date WHERE to_char(d, 'MM') = '10'
    ) pieces
"""
_ORDER = "effective_on, recorded_at, fact_id"
# One person at one site in one month, with the codes of the first fact there.
_ATOMS = f"""
    INSERT INTO {{atom}} ({COLUMNS["atom"]})
    SELECT domain, fact_id, period, :country, person, household, site, month, effective_on, recorded_at,
           CASE WHEN row_number() OVER (PARTITION BY domain, person, left(month, 4) ORDER BY {_ORDER}) = 1 THEN 'YEAR'
                WHEN row_number() OVER (PARTITION BY domain, person, quarter ORDER BY {_ORDER}) = 1 THEN 'QUARTER'
                WHEN row_number() OVER (PARTITION BY domain, person, month ORDER BY {_ORDER}) = 1 THEN 'MONTH'
                ELSE 'SITE' END,
           CASE WHEN {{outside}} THEN 'OUT' ELSE '' END,
           row_number() OVER (PARTITION BY domain, person ORDER BY {_ORDER}) = 1
    FROM (
        SELECT DISTINCT ON (domain, person, left(period, 7), site)
               domain, id AS fact_id, period, person, household, site, left(period, 7) AS month,
               to_char(effective_on, 'YYYY"-Q"Q') AS quarter, effective_on, recorded_at, stage, sector, household_type
        FROM {{fact}} f
        WHERE country = :country AND domain IN ({{distinct}}) AND person IN (SELECT person_key FROM affected)
        ORDER BY domain, person, left(period, 7), site, effective_on, recorded_at, id
    ) first
"""
# The same marker for households, on exactly one member's atom a site and month: those that are not yet so. An atom that
# can carry none (`households` of cubes.yml) is OUT from the beginning.
_HOUSEHOLDS = f"""
    WITH member AS (
        SELECT domain, fact_id, period, household, month, site, effective_on, recorded_at, household_counted,
               row_number() OVER (PARTITION BY domain, household, month, site ORDER BY {_ORDER}) AS turn
        FROM {{atom}} WHERE country = :country AND household IN (SELECT household FROM home)
          AND household_counted <> 'OUT'
    ), marked AS (
        SELECT domain, fact_id, period, household_counted,
               CASE WHEN turn > 1 THEN 'NONE'
                    WHEN row_number() OVER (PARTITION BY domain, household, left(month, 4), turn
                         ORDER BY {_ORDER}) = 1 THEN 'YEAR'
                    WHEN row_number() OVER (PARTITION BY domain, household, left(month, 4),
                         (right(month, 2)::int + 2) / 3, turn ORDER BY {_ORDER}) = 1 THEN 'QUARTER'
                    WHEN row_number() OVER (PARTITION BY domain, household, month, turn
                         ORDER BY {_ORDER}) = 1 THEN 'MONTH'
                    ELSE 'SITE' END AS marker
        FROM member
    )
    SELECT domain, fact_id, period, marker FROM marked WHERE household_counted <> marker
"""
_DIMENSIONS = (
    "f.domain, f.period, f.site, f.sex, f.age_band, f.origin, f.household_type, f.stage, f.sector, "
    "coalesce(a.counted, ''), coalesce(a.household_counted, '')"
)
# The labels of a cell as one text: sorting by it takes a third of the time of sorting by eleven columns. No label
# holds the separator.
_UNIT = "chr(31)"
_LABELS = ", ".join(f"split_part(cell, {_UNIT}, {n})" for n in range(1, 12))
_CELLS = f"""
    INSERT INTO {{cell}} ({COLUMNS["cell"]})
    SELECT :country, {_LABELS}, persons, households, amount
    FROM (
        SELECT cell, count(DISTINCT person) AS persons, count(DISTINCT household) AS households, sum(amount) AS amount
        FROM (
            SELECT concat_ws({_UNIT}, {_DIMENSIONS}) AS cell, f.person, f.household, f.amount
            FROM {{fact}} f
            LEFT JOIN {{atom}} a ON a.domain = f.domain AND a.fact_id = f.id
            WHERE f.country = :country AND (f.domain, f.period) IN (SELECT domain, period FROM bucket)
              AND (a.fact_id IS NOT NULL OR f.domain NOT IN ({{distinct}}))
        ) labelled
        GROUP BY cell
    ) counted
"""


def _distinct() -> str:
    return listed(name for name, domain in domains().items() if domain.is_distinct)


def _outside() -> str:
    """Whether an atom can carry no household's marker."""
    found = [
        f"domain = {listed([domain.name])} AND {select_label(domain.axis(name), domain.axis(name).column)} NOT IN ({listed(labels)})"
        for domain in domains().values()
        for name, labels in domain.households.items()
    ]
    return " OR ".join(found) or "false"


def count_persons(target: Target, until: date) -> None:
    """Replace the facts and atoms of everybody in `affected`; leaves the touched (domain, period) in the
    temporary table `bucket`."""
    target.fresh("calendar", _CALENDAR, until=until)
    target.fresh("bucket", "SELECT ''::text AS domain, ''::text AS period WHERE false")
    target.fresh("home", "SELECT NULL::uuid AS household WHERE false")
    _leave(target)
    for name, domain in domains().items():
        if domain.source == "heads":  # about no person that anybody knows: `heads.count_heads`
            continue
        target.run(
            f"INSERT INTO {{fact}} ({COLUMNS['fact']}) "
            f"SELECT {listed([name])}, f.id, f.period, :country, f.person, f.household, f.site, f.effective_on, "
            "f.recorded_at, f.sex, f.age_band, f.origin, f.household_type, f.stage, f.sector, f.amount "
            f"FROM ({select_for(domain)}) f",
            until=until,
        )
    target.measured("fact")
    _run_distinct(target, _ATOMS)
    target.measured("atom")
    target.run(
        "INSERT INTO bucket SELECT DISTINCT domain, period FROM {fact} WHERE person IN (SELECT person_key FROM affected)"
    )
    target.run(
        "INSERT INTO home SELECT DISTINCT household FROM {atom} WHERE person IN (SELECT person_key FROM affected)"
    )
    target.indexed("home", "household")
    target.fresh("marked", _HOUSEHOLDS)
    target.indexed("marked", "domain, fact_id")
    target.run(
        "UPDATE {atom} a SET household_counted = m.marker FROM marked m "
        "WHERE a.domain = m.domain AND a.fact_id = m.fact_id"
    )
    target.run("INSERT INTO bucket SELECT DISTINCT domain, period FROM marked")
    target.measured("atom")


def _leave(target: Target) -> None:
    """Take away what was counted before, noting the buckets and households that this touches."""
    target.run(
        "WITH gone AS (DELETE FROM {fact} WHERE country = :country "
        "AND person IN (SELECT person_key FROM affected) RETURNING domain, period) "
        "INSERT INTO bucket SELECT DISTINCT domain, period FROM gone"
    )
    target.run(
        "WITH gone AS (DELETE FROM {atom} WHERE country = :country "
        "AND person IN (SELECT person_key FROM affected) RETURNING household) "
        "INSERT INTO home SELECT DISTINCT household FROM gone"
    )


def _run_distinct(target: Target, statement: str) -> None:
    target.run(statement.replace("{distinct}", _distinct()).replace("{outside}", _outside()))


def count_cells(target: Target) -> None:
    """Count the cells of the touched buckets anew."""
    target.run(
        "DELETE FROM {cell} WHERE country = :country AND (domain, period) IN (SELECT domain, period FROM bucket)"
    )
    _run_distinct(target, _CELLS)


_STANDING = """
    SELECT coalesce(site, 'OTH') AS site, effective_on AS from_on, number,
           lead(effective_on) OVER (PARTITION BY site, team, subject_key, code
                                    ORDER BY effective_on, recorded_at, position) AS to_on
    FROM facts.journal j
    WHERE country = :country AND kind IN ({kinds}) AND number IS NOT NULL {only}
      AND NOT EXISTS (SELECT FROM taken_back t WHERE t.id = j.id)
"""
# What a unit said of its places in service (code PLACES) stands until its next word; overflow is never in it.
_BED_NIGHTS = """
    SELECT 'BED_NIGHTS', s.site, c.period,
           sum(s.number * (least(coalesce(s.to_on, c.ends), c.ends) - greatest(s.from_on, c.starts)))
    FROM standing s JOIN calendar c ON c.starts < coalesce(s.to_on, c.ends) AND c.ends > s.from_on
    GROUP BY s.site, c.period
"""
_CASEWORKERS = """
    SELECT 'CASEWORKERS', s.site, to_char(q.d, 'YYYY"-Q"Q'), sum(s.number)
    FROM standing s
    JOIN generate_series(date '2013-01-01', CAST(:until AS date) - interval '3 months', interval '3 months') AS q(d)
      ON s.from_on < q.d + interval '3 months' AND coalesce(s.to_on, 'infinity') >= q.d + interval '3 months'
    GROUP BY s.site, q.d
"""
_NUMBERS = {"BED_NIGHTS": (_BED_NIGHTS, "AND code = 'PLACES'"), "CASEWORKERS": (_CASEWORKERS, "")}


def count_site_numbers(target: Target, until: date) -> None:
    """Count all numbers about no person of the country anew (there are few); needs `taken_back` and `calendar`."""
    target.run("DELETE FROM {site_number} WHERE country = :country")
    for name, number in numbers().items():
        select, only = _NUMBERS[name]
        target.fresh("standing", _STANDING.replace("{kinds}", listed(number.kinds)).replace("{only}", only))
        target.run(
            f"INSERT INTO {{site_number}} ({COLUMNS['site_number']}) "
            f"SELECT :country, n.* FROM ({select}) AS n(kind, site, period, value)",
            until=until,
        )
