"""Whose facts are counted anew, as whom they count, and their events as they stand today."""

from __future__ import annotations

from caseapp.indicators.facts.tables import Target

# A withdrawal counts unless it was withdrawn itself.
_TAKEN_BACK = """
    SELECT w.withdraws_id AS id FROM facts.journal w
    WHERE w.kind = 'event.withdrawn' AND w.country = :country AND w.withdraws_id IS NOT NULL
      AND NOT EXISTS (SELECT FROM facts.journal u WHERE u.withdraws_id = w.id AND u.kind = 'event.withdrawn')
"""
# A merge is a pair, whatever the order of its two; the last word on a pair holds, so undo is exact.
_MERGES = """
    WITH word AS (
        SELECT DISTINCT ON (least(person_key, other_key), greatest(person_key, other_key))
               person_key, other_key, kind
        FROM facts.journal j
        WHERE kind IN ('person.merged', 'person.unmerged') AND country = :country
          AND person_key IS NOT NULL AND other_key IS NOT NULL
          AND NOT EXISTS (SELECT FROM taken_back t WHERE t.id = j.id)
        ORDER BY least(person_key, other_key), greatest(person_key, other_key), recorded_at DESC, position DESC
    )
    SELECT person_key AS a, other_key AS b FROM word WHERE kind = 'person.merged'
    UNION SELECT other_key, person_key FROM word WHERE kind = 'person.merged'
"""
# Everybody that the touched persons count with today, or were counted with until now.
_REACHED = """
    WITH RECURSIVE link AS (
        SELECT a, b FROM merge
        UNION SELECT person_key, counts_as FROM {identity} WHERE country = :country
        UNION SELECT counts_as, person_key FROM {identity} WHERE country = :country
    ), reached AS (
        SELECT person_key FROM seed WHERE person_key IS NOT NULL
        UNION SELECT link.b FROM reached JOIN link ON link.a = reached.person_key
    )
    SELECT person_key FROM reached
"""
# In a recount everybody counts as themselves but those whom a merge joins.
_MERGED = "SELECT DISTINCT a AS person_key FROM merge"
# The smallest pseudonym of those joined today speaks for all: no order of events can change it.
_COUNTED_AS = """
    WITH RECURSIVE joined AS (
        SELECT DISTINCT a AS person_key, a AS other FROM merge
        UNION SELECT joined.person_key, merge.b FROM joined JOIN merge ON merge.a = joined.other
    ), smallest AS (
        SELECT DISTINCT ON (person_key) person_key, other FROM joined ORDER BY person_key, other
    )
    SELECT r.person_key, coalesce(s.other, r.person_key) AS counts_as
    FROM reached r LEFT JOIN smallest s USING (person_key)
"""
# The newest batch of corrected profiles of each person: the rows recorded together, last of all. Each holds from its
# day until the next one's, the first from ever, for events recorded before the batch was (`since`).
_CORRECTIONS = """
    WITH profiled AS (
        SELECT j.person_key, j.position, j.effective_on, j.recorded_at, j.sex, j.age_band, j.origin, j.household_type,
               max(j.recorded_at) OVER (PARTITION BY j.person_key) AS newest
        FROM {journal}
        WHERE j.kind = 'person.profiled' AND j.country = :country AND j.person_key IS NOT NULL AND j.sex IS NOT NULL
          AND NOT EXISTS (SELECT FROM taken_back t WHERE t.id = j.id)
    ), batch AS (
        SELECT p.*, min(recorded_at) OVER (PARTITION BY person_key) AS since
        FROM profiled p WHERE recorded_at > newest - interval '1 second'
    ), day AS (
        SELECT DISTINCT ON (person_key, effective_on) * FROM batch ORDER BY person_key, effective_on, position DESC
    )
    SELECT person_key, sex, age_band, origin, household_type, since,
           CASE WHEN lag(effective_on) OVER own IS NULL THEN '-infinity' ELSE effective_on END AS from_on,
           coalesce(lead(effective_on) OVER own, 'infinity') AS to_on
    FROM day WINDOW own AS (PARTITION BY person_key ORDER BY effective_on)
"""
# Whose events: everybody's, read once; or person by person, so that a batch costs as much however long the journal is.
_ALL = "facts.journal j LEFT JOIN affected a ON a.person_key = j.person_key"
_THEIRS = "affected a CROSS JOIN LATERAL (SELECT * FROM facts.journal own WHERE own.person_key = a.person_key OFFSET 0) j"
_EVENTS = """
    SELECT j.position, j.id, j.kind, j.effective_on, j.recorded_at, coalesce(j.site, 'OTH') AS site,
           coalesce(a.counts_as, j.person_key) AS person, j.person_key AS own_key, j.household_key AS household,
           j.subject_key, j.code, j.reason, j.reason_group, j.sector, j.outcome, j.population, j.number,
           j.need_category, j.site_kind,
           coalesce(c.sex, j.sex) AS sex, coalesce(c.age_band, j.age_band) AS age_band,
           coalesce(c.origin, j.origin) AS origin, coalesce(c.household_type, j.household_type) AS household_type
    FROM {journal}
    LEFT JOIN correction c ON c.person_key = j.person_key AND c.since > j.recorded_at
          AND j.effective_on >= c.from_on AND j.effective_on < c.to_on
    WHERE j.country = :country AND j.person_key IS NOT NULL
      AND NOT EXISTS (SELECT FROM taken_back t WHERE t.id = j.id)
"""
_BARE = """
    SELECT id, own_key, effective_on, recorded_at, position, sex IS NULL AS asks FROM event
    WHERE sex IS NULL OR age_band IS NULL OR origin IS NULL OR household_type IS NULL OR household IS NULL
"""
# An event without codes (the gate may not read a person) takes those of the nearest one before it, or after.
_FILLED = """
    UPDATE event e
    SET sex = n.sex, age_band = n.age_band, origin = n.origin, household_type = n.household_type,
        household = coalesce(e.household, n.household)
    FROM bare
    CROSS JOIN LATERAL (
        SELECT * FROM (
            (SELECT k.*, 1 AS turn FROM near k
             WHERE k.own_key = bare.own_key
               AND (k.effective_on, k.recorded_at, k.position) <= (bare.effective_on, bare.recorded_at, bare.position)
             ORDER BY k.effective_on DESC, k.recorded_at DESC, k.position DESC LIMIT 1)
            UNION ALL
            (SELECT k.*, 2 FROM near k
             WHERE k.own_key = bare.own_key
               AND (k.effective_on, k.recorded_at, k.position) > (bare.effective_on, bare.recorded_at, bare.position)
             ORDER BY k.effective_on, k.recorded_at, k.position LIMIT 1)
        ) near ORDER BY turn LIMIT 1
    ) n
    WHERE bare.id = e.id AND bare.asks
"""
# All events with codes of whoever has one without.
_NEAR = """
    SELECT own_key, effective_on, recorded_at, position, sex, age_band, origin, household_type, household FROM event
    WHERE sex IS NOT NULL AND own_key IN (SELECT own_key FROM bare WHERE asks)
"""
_LEFT_OPEN = """
    UPDATE event e SET household = coalesce(household, person), sex = coalesce(sex, 'O'),
        age_band = coalesce(age_band, 'UNKNOWN'), origin = coalesce(origin, 'UNK'),
        household_type = coalesce(household_type, 'UNKNOWN')
    FROM bare WHERE bare.id = e.id
"""
# The codes of everybody as the day's last event has them, from that day on; most people have the same in all of theirs.
_PROFILES = """
    WITH had AS (
        SELECT own_key, sex, age_band, origin, household_type FROM event GROUP BY 1, 2, 3, 4, 5
    ), known AS (
        SELECT own_key, count(*) AS profiles, min(sex) AS sex, min(age_band) AS age_band, min(origin) AS origin,
               min(household_type) AS household_type
        FROM had GROUP BY own_key
    ), day AS (
        SELECT DISTINCT ON (own_key, effective_on) own_key, effective_on, sex, age_band, origin, household_type
        FROM event WHERE own_key IN (SELECT own_key FROM known WHERE profiles > 1)
        ORDER BY own_key, effective_on, recorded_at DESC, position DESC
    )
    SELECT own_key, date '-infinity' AS from_on, date 'infinity' AS to_on, sex, age_band, origin, household_type
    FROM known WHERE profiles = 1
    UNION ALL
    SELECT own_key, effective_on, lead(effective_on, 1, date 'infinity') OVER (PARTITION BY own_key ORDER BY effective_on),
           sex, age_band, origin, household_type
    FROM day
"""


def gather(target: Target) -> None:
    """Make the temporary tables `affected` (person_key, counts_as), `event` and `profile` (own_key, from_on, to_on), from `seed` (person_key) or for
    everybody (then `affected` names only those who count as somebody else), and bring `identity` up to date."""
    everybody = target.everybody
    target.fresh("taken_back", _TAKEN_BACK)
    target.indexed("taken_back", "id")
    target.fresh("merge", _MERGES)
    target.indexed("merge", "a")
    target.fresh("reached", _MERGED if everybody else _REACHED)
    target.fresh("affected", _COUNTED_AS)
    target.indexed("affected", "person_key")
    if not everybody:
        target.run(
            "DELETE FROM {identity} WHERE country = :country AND person_key IN (SELECT person_key FROM affected)"
        )
    target.run(
        "INSERT INTO {identity} (country, person_key, counts_as) "
        "SELECT :country, person_key, counts_as FROM affected WHERE person_key IN (SELECT a FROM merge)"
    )
    journal = _ALL if everybody else _THEIRS
    target.fresh("correction", _CORRECTIONS.replace("{journal}", journal))
    target.indexed("correction", "person_key")
    target.fresh("event", _EVENTS.replace("{journal}", journal))
    target.indexed("event", "kind")
    _fill(target)
    target.fresh("profile", _PROFILES)
    target.indexed("profile")


def _fill(target: Target) -> None:
    """Give the events without codes those of the nearest one that has them."""
    target.fresh("bare", _BARE)
    if target.run("SELECT EXISTS (SELECT FROM bare)").scalar_one():
        target.indexed("bare")
        target.fresh("near", _NEAR)
        target.indexed("near", "own_key, effective_on, recorded_at, position")
        target.run(_FILLED)
        target.run(_LEFT_OPEN)
