"""The plain `GROUP BY`s that a count is measured against: one over the whole journal, and those that an analyst would
write to have the same cells.

Neither knows of withdrawals, merges, corrected profiles, or of what must be answered within a time; so both cost less than
the figures they would stand for.
"""

from __future__ import annotations

from caseapp.indicators.cubes import Domain, domains
from caseapp.indicators.facts.pieces import listed

#: What a figure must at least read: each event once, grouped as finely as cells are.
ONE = (
    "SELECT country, kind, site_id, to_char(effective_on, 'YYYY-MM') AS month, sex, age_band, origin, household_type, "
    "count(*) AS events, count(DISTINCT person_key) AS persons "
    "FROM {journal} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8"
)
_PROFILE = "sex, age_band, origin, household_type"
_HOW_MANY = (
    "count(*) AS events, count(DISTINCT person_key) AS persons, count(DISTINCT household_key) AS households"
)
#: Persons do not add up: who is counted in a year is asked for years, and so on down to a site's month.
_GRAINS = {
    "YEAR": "to_char(effective_on, 'YYYY')",
    "QUARTER": "to_char(effective_on, 'YYYY-Q')",
    "MONTH": "to_char(effective_on, 'YYYY-MM')",
    "SITE": "to_char(effective_on, 'YYYY-MM'), site_id",
}
#: What lasts is asked at each end of a quarter (or, for nights, of a month): begun by then, and not ended.
_LASTING = {
    "open_cases": ("'case.opened', 'case.reopened'", "'case.closed'", "3 months"),
    "open_claims": ("'claim.lodged', 'claim.reopened'", "'claim.closed', 'decision.made'", "3 months"),
    "nights": ("'stay.started'", "'stay.ended'", "1 month"),
}


def for_the_same_cells() -> list[str]:
    """The statements of an analyst, over `case_event`: one a domain, four where persons are counted once."""
    return [statement for domain in domains().values() for statement in _of(domain)]


def _of(domain: Domain) -> list[str]:
    if domain.source in _LASTING:
        return [_lasting(*_LASTING[domain.source])]
    grains = _GRAINS if domain.is_distinct else {"SITE": _GRAINS["SITE"]}
    return [
        f"SELECT country, {grain}, {_PROFILE}, code, {_HOW_MANY} FROM case_event WHERE kind IN ({listed(domain.kinds)}) "
        f"GROUP BY country, {grain}, {_PROFILE}, code"
        for grain in grains.values()
    ]


def _lasting(begins: str, ends: str, step: str) -> str:
    return (
        "WITH spell AS (SELECT e.*, lead(effective_on) OVER (PARTITION BY country, person_key ORDER BY effective_on, "
        f"position) AS to_on FROM case_event e WHERE kind IN ({begins}, {ends})) "
        f"SELECT country, q.day, site_id, {_PROFILE}, {_HOW_MANY} FROM spell JOIN "
        f"generate_series(date '2013-01-01', now()::date, interval '{step}') AS q(day) "
        f"ON effective_on <= q.day AND (to_on IS NULL OR to_on > q.day) WHERE kind IN ({begins}) "
        f"GROUP BY country, q.day, site_id, {_PROFILE}"
    )
