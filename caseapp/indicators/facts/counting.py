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


def _marker(window: str) -> str:
    """The first of a year, of a quarter, of a month, or of none of them; a later day never lies in an earlier month."""
    year, quarter = "left(month, 4)", "(right(month, 2)::int + 2) / 3"
    return (
        f"CASE WHEN lag({year}) OVER {window} IS DISTINCT FROM {year} THEN 'YEAR' "
        f"WHEN lag({quarter}) OVER {window} IS DISTINCT FROM {quarter} THEN 'QUARTER' "
        f"WHEN lag(month) OVER {window} IS DISTINCT FROM month THEN 'MONTH' ELSE 'SITE' END"
    )


# One person at one site in one month, with the codes of the first fact there. `outside`: it can carry no household's
# marker (`households` of cubes.yml). Sorted by person first: pseudonyms differ in their first bytes, names of domains do not.
_COUNTED = f"""
    SELECT domain, fact_id, period, person, household, site, month, effective_on, recorded_at,
           {_marker("own")} AS counted, lag(fact_id) OVER own IS NULL AS first_ever, outside
    FROM (
        SELECT DISTINCT ON (person, domain, left(period, 7), site)
               domain, id AS fact_id, period, person, household, site, left(period, 7) AS month, effective_on, recorded_at,
               {{outside}} AS outside
        FROM {{fact}} f
        WHERE country = :country AND domain IN ({{distinct}}) AND {{theirs}}
        ORDER BY person, domain, left(period, 7), site, effective_on, recorded_at, id
    ) first WINDOW own AS (PARTITION BY person, domain ORDER BY {_ORDER})
"""
_ATOMS = f"""
    INSERT INTO {{atom}} ({COLUMNS["atom"]})
    SELECT domain, fact_id, period, :country, person, household, site, month, effective_on, recorded_at, counted,
           CASE WHEN outside THEN 'OUT' ELSE '' END, first_ever
    FROM ({_COUNTED}) c
"""
# The same marker for households, on exactly one member's atom a site and month.
_TURN = f"row_number() OVER (PARTITION BY {{who}}, month, site ORDER BY {_ORDER}) AS turn"
_HOUSEHOLD = f"CASE WHEN turn > 1 THEN 'NONE' ELSE {_marker('house')} END"
_HOUSE = f"WINDOW house AS (PARTITION BY {{who}}, turn ORDER BY {_ORDER})"
_WHO = {"who": "household, domain"}
_WHO_OF_ALL = {"who": "household, domain, outside"}
# Those that are not yet so.
_HOUSEHOLDS = f"""
    WITH member AS (
        SELECT domain, fact_id, period, household, month, effective_on, recorded_at, household_counted,
               {_TURN.format_map(_WHO)}
        FROM {{atom}} WHERE country = :country AND household IN (SELECT household FROM home) AND household_counted <> 'OUT'
    ), marked AS (
        SELECT domain, fact_id, period, household_counted, {_HOUSEHOLD} AS marker FROM member
        {_HOUSE.format_map(_WHO)}
    )
    SELECT domain, fact_id, period, marker FROM marked WHERE household_counted <> marker
"""
# All of them at once.
_WHOLE_ATOMS = f"""
    INSERT INTO {{atom}} ({COLUMNS["atom"]})
    SELECT domain, fact_id, period, :country, person, household, site, month, effective_on, recorded_at, counted,
           CASE WHEN outside THEN 'OUT' ELSE {_HOUSEHOLD} END, first_ever
    FROM (SELECT *, {_TURN.format_map(_WHO_OF_ALL)} FROM ({_COUNTED}) c) member
    {_HOUSE.format_map(_WHO_OF_ALL)}
"""
_LABELS = "f.domain, f.period, f.site, f.sex, f.age_band, f.origin, f.household_type, f.stage, f.sector"
# The labels of a cell as one text, sorted by its digest first: that takes a fraction of the time of sorting by eleven
# columns. No label holds the separator.
_UNIT = "chr(31)"
_SPLIT = ", ".join(f"split_part(cell, {_UNIT}, {n})" for n in range(1, 12))
_CELLS = f"""
    INSERT INTO {{cell}} ({COLUMNS["cell"]})
    SELECT :country, {_SPLIT}, persons, households, amount
    FROM (
        SELECT cell, count(DISTINCT person) AS persons, count(DISTINCT household) AS households, sum(amount) AS amount
        FROM (
            SELECT hashtextextended(cell, 0) AS digest, cell, person, household, amount FROM (
                SELECT concat_ws({_UNIT}, {_LABELS}, a.counted, a.household_counted) AS cell,
                       f.person, f.household, f.amount
                FROM {{fact}} f JOIN {{atom}} a ON a.domain = f.domain AND a.fact_id = f.id
                WHERE f.country = :country AND f.domain IN ({{distinct}}) AND {{touched}}
                UNION ALL
                SELECT concat_ws({_UNIT}, {_LABELS}, '', ''), f.person, f.household, f.amount
                FROM {{fact}} f
                WHERE f.country = :country AND f.domain NOT IN ({{distinct}}) AND {{touched}}
            ) labelled
        ) digested
        GROUP BY digest, cell
    ) counted
"""


def _distinct() -> str:
    return listed(name for name, domain in domains().items() if domain.is_distinct)


def _outside() -> str:
    """Whether an atom can carry no household's marker."""
    found = [
        f"f.domain = {listed([domain.name])} AND {select_label(domain.axis(name), f'f.{domain.axis(name).column}')} "
        f"NOT IN ({listed(labels)})"
        for domain in domains().values()
        for name, labels in domain.households.items()
    ]
    return " OR ".join(found) or "false"


def count_persons(target: Target, until: date) -> None:
    """Replace the facts and atoms of everybody in `affected`, or of everybody; the first leaves the touched
    (domain, period) in the temporary table `bucket`."""
    target.fresh("calendar", _CALENDAR, until=until)
    if not target.everybody:
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
    if target.everybody:
        _run_distinct(target, _WHOLE_ATOMS)
        target.measured("atom")
    else:
        _run_distinct(target, _ATOMS)
        _mark_households(target)


def _leave(target: Target) -> None:
    """Take away what was counted before, noting the buckets and households that this touches."""
    target.fresh("bucket", "SELECT ''::text AS domain, ''::text AS period WHERE false")
    target.fresh("home", "SELECT NULL::uuid AS household WHERE false")
    target.run(
        "WITH gone AS (DELETE FROM {fact} WHERE country = :country AND {theirs} RETURNING domain, period) "
        "INSERT INTO bucket SELECT DISTINCT domain, period FROM gone"
    )
    target.run(
        "WITH gone AS (DELETE FROM {atom} WHERE country = :country AND {theirs} RETURNING household) "
        "INSERT INTO home SELECT DISTINCT household FROM gone"
    )


def _mark_households(target: Target) -> None:
    """Mark the households of the affected anew, and note the buckets of whatever changed."""
    target.run("INSERT INTO bucket SELECT DISTINCT domain, period FROM {fact} WHERE {theirs}")
    target.run("INSERT INTO home SELECT DISTINCT household FROM {atom} WHERE {theirs}")
    target.indexed("home", "household")
    target.fresh("marked", _HOUSEHOLDS)
    target.indexed("marked", "domain, fact_id")
    target.run(
        "UPDATE {atom} a SET household_counted = m.marker FROM marked m "
        "WHERE a.domain = m.domain AND a.fact_id = m.fact_id"
    )
    target.run("INSERT INTO bucket SELECT DISTINCT domain, period FROM marked")


def _run_distinct(target: Target, statement: str) -> None:
    target.run(statement.replace("{distinct}", _distinct()).replace("{outside}", _outside()))


def count_cells(target: Target) -> None:
    """Count the cells anew: of the touched buckets, or in a recount all."""
    touched = "true" if target.everybody else "(f.domain, f.period) IN (SELECT domain, period FROM bucket)"
    if not target.everybody:
        target.indexed("bucket", "domain, period")
        target.run(
            "DELETE FROM {cell} WHERE country = :country AND (domain, period) IN (SELECT domain, period FROM bucket)"
        )
    _run_distinct(target, _CELLS.replace("{touched}", touched))


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
    if not target.everybody:
        target.run("DELETE FROM {site_number} WHERE country = :country")
    for name, number in numbers().items():
        select, only = _NUMBERS[name]
        target.fresh("standing", _STANDING.replace("{kinds}", listed(number.kinds)).replace("{only}", only))
        target.run(
            f"INSERT INTO {{site_number}} ({COLUMNS['site_number']}) "
            f"SELECT :country, n.* FROM ({select}) AS n(kind, site, period, value)",
            until=until,
        )
