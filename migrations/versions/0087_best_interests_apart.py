"""Best-interests assessments stay with the team that made them when a file is handed over, as everything sealed does, and
clocks about what stays behind end; a recommended action that answers a sealed need is a sealed task."""

from __future__ import annotations

from alembic import op

from migrations import wall

revision = "0087"
down_revision = "0086"
branch_labels = None
depends_on = None

SIGNATURE = "hold_apart(p_cases uuid[], p_team uuid, p_at timestamptz) RETURNS void LANGUAGE sql"
#: As it was (0026), with `{more}` of what stays behind, and `{then}` what follows from it.
HOLD_APART = """
WITH s AS (SELECT list_name, code FROM public.reference_code WHERE 'S' = ANY (flags)),
sn AS (SELECT n.id, n.case_id, n.screening_id FROM public.need n
       JOIN s ON s.list_name = 'need_code' AND s.code = n.code WHERE n.case_id = ANY (p_cases)),
so AS (SELECT o.id, o.case_id, o.screening_id FROM public.screening_outcome o
       JOIN s ON s.list_name = 'screening_outcome' AND s.code = o.outcome WHERE o.case_id = ANY (p_cases)),
talk AS (SELECT screening_id FROM sn WHERE screening_id IS NOT NULL UNION SELECT screening_id FROM so),
plans AS (SELECT p.id, p.case_id FROM public.solution_plan p
          JOIN s ON s.list_name = 'solution_pathway' AND s.code = p.pathway WHERE p.case_id = ANY (p_cases)),
found AS (
  SELECT id, case_id FROM sn
  UNION SELECT id, case_id FROM so
  UNION SELECT x.id, x.case_id FROM public.screening x WHERE x.id IN (SELECT screening_id FROM talk)
  UNION SELECT x.id, x.case_id FROM public.screening_outcome x WHERE x.screening_id IN (SELECT screening_id FROM talk)
  UNION SELECT x.id, x.case_id FROM public.screening_decision x WHERE x.screening_id IN (SELECT screening_id FROM talk)
  UNION SELECT id, case_id FROM plans
  UNION SELECT x.id, x.case_id FROM public.solution_step x WHERE x.plan_id IN (SELECT id FROM plans)
  UNION SELECT x.id, x.case_id FROM public.consent x JOIN s ON s.list_name = 'consent_purpose' AND s.code = x.purpose
        WHERE x.case_id = ANY (p_cases)
  UNION SELECT x.id, x.case_id FROM public.case_alert x JOIN s ON s.list_name = 'alert' AND s.code = x.code
        WHERE x.case_id = ANY (p_cases)
  UNION SELECT x.id, x.case_id FROM public.plan_goal x WHERE x.sealed AND x.case_id = ANY (p_cases)
  UNION SELECT x.id, x.case_id FROM public.case_task x WHERE x.sealed AND x.case_id = ANY (p_cases)
  {more}UNION SELECT e.id, e.case_id FROM public.case_event e WHERE e.case_id = ANY (p_cases) AND (
    e.kind IN ('incident.recorded', 'pta.identified', 'pta.transferred', 'pta.departed')
    OR EXISTS (SELECT FROM s WHERE (s.list_name = 'need_code' AND e.kind LIKE 'need.%' AND s.code = e.code)
      OR (s.list_name = 'screening_outcome' AND e.kind LIKE 'screening.%' AND s.code = e.outcome)
      OR (s.list_name = 'solution_pathway' AND (e.kind LIKE 'solution.%' OR e.kind = 'departure.confirmed') AND s.code = e.code)
      OR (s.list_name = 'consent_purpose' AND e.kind LIKE 'consent.%' AND s.code = e.code)
      OR (s.list_name = 'alert' AND e.kind LIKE 'alert.%' AND s.code = e.code)))
)
INSERT INTO public.held_apart (row_id, case_id, team_id, since)
SELECT id, case_id, p_team, p_at FROM found ON CONFLICT DO NOTHING{then}
"""
MORE = """UNION SELECT x.id, x.case_id FROM public.best_interests x WHERE x.case_id = ANY (p_cases)
  UNION SELECT x.id, x.case_id FROM public.best_interests_action x WHERE x.case_id = ANY (p_cases)
  """
#: Of rows held apart: an assessment that had not been decided is stopped, since one stands at a time; clocks end, since
#: nobody who has them to keep sees what they are about; and they are held apart with it.
FOLLOWS = (
    """
    UPDATE public.best_interests b SET state = 'STOPPED', stop_reason = 'HANDED_OVER', version = b.version + 1
    WHERE b.state IN ('OPEN', 'CONCLUDED') AND b.id IN (SELECT a.row_id FROM public.held_apart a WHERE {of})
    """,
    """
    UPDATE public.deadline_pause p SET ended_at = greatest({at}, p.began_at) FROM public.deadline d
    WHERE p.deadline_id = d.id AND p.ended_at IS NULL AND d.state IN ('RUNNING', 'PAUSED', 'LATE')
      AND d.subject_id IN (SELECT a.row_id FROM public.held_apart a WHERE {of})
    """,
    """
    UPDATE public.deadline d SET state = 'CANCELLED', cancel_reason = 'MOVED_AWAY', paused_at = NULL, ended_at = {at},
      version = d.version + 1
    WHERE d.state IN ('RUNNING', 'PAUSED', 'LATE')
      AND d.subject_id IN (SELECT a.row_id FROM public.held_apart a WHERE {of})
    """,
    """
    INSERT INTO public.held_apart (row_id, case_id, team_id, since)
    SELECT d.id, d.case_id, a.team_id, a.since FROM public.deadline d JOIN public.held_apart a ON a.row_id = d.subject_id
    WHERE {of} ON CONFLICT DO NOTHING
    """,
)
APART = ("best_interests", "best_interests_action", "deadline")
STOPPED_BY_HAND = "'WITH_FAMILY', 'ADULT_NOW', 'LEFT', 'OPENED_IN_ERROR'"
#: Tasks that became of an action whose need is sealed: words are encrypted, so they are known by day and by who approved.
SEAL_TASKS = """
UPDATE case_task t SET sealed = true, version = t.version + 1
FROM best_interests_action a
JOIN best_interests b ON b.id = a.assessment_id AND b.state = 'APPROVED'
JOIN reference_code r ON r.list_name = 'need_code' AND r.code = a.need_code AND 'S' = ANY (r.flags)
WHERE t.case_id = a.case_id AND t.kind = 'FOLLOW_UP' AND t.goal_id IS NULL AND NOT t.sealed
  AND t.set_by_id = b.decided_by_id AND t.due_on = greatest(a.due_on, t.set_on)
  AND t.set_on BETWEEN b.decided_at::date - 1 AND b.decided_at::date + 1
"""
SEAL_CLOCKS = """
UPDATE deadline d SET sealed = true, version = d.version + 1 FROM case_task t
WHERE d.subject_kind = 'case_task' AND d.subject_id = t.id AND t.sealed AND NOT d.sealed
"""
#: What had gone along with files before: rows that somebody of the sending team wrote until the file was taken.
GONE_ALONG = """
INSERT INTO held_apart (row_id, case_id, team_id, since)
SELECT DISTINCT ON (x.id) x.id, x.case_id, h.from_team_id, h.answered_at
FROM ({rows}) x
JOIN handover_member m ON m.case_id = x.case_id
JOIN handover h ON h.id = m.handover_id AND h.state = 'ACCEPTED' AND h.sealed_holder_id IS NULL
WHERE x.day <= h.answered_at::date
  AND EXISTS (SELECT FROM membership s WHERE s.user_id = x.user_id AND s.team_id = h.from_team_id)
ORDER BY x.id, h.answered_at ON CONFLICT DO NOTHING
"""
WRITTEN = """
SELECT id, case_id, opened_on AS day, opened_by_id AS user_id FROM best_interests
UNION ALL SELECT a.id, a.case_id, b.opened_on, b.opened_by_id
FROM best_interests_action a JOIN best_interests b ON b.id = a.assessment_id
UNION ALL SELECT id, case_id, set_on, set_by_id FROM case_task WHERE sealed
"""


def upgrade() -> None:
    _stop_reasons(f"{STOPPED_BY_HAND}, 'HANDED_OVER'")
    op.execute("GRANT SELECT, UPDATE (state, stop_reason, version) ON best_interests TO acogida_definer")
    op.execute("GRANT SELECT ON best_interests_action TO acogida_definer")
    op.execute(
        "GRANT UPDATE (state, cancel_reason, paused_at, ended_at, version) ON deadline TO acogida_definer"
    )
    op.execute("GRANT SELECT, UPDATE (ended_at) ON deadline_pause TO acogida_definer")
    then = ";".join(("", *(each.format(of="a.case_id = ANY (p_cases)", at="p_at") for each in FOLLOWS)))
    wall.definer_function(SIGNATURE, HOLD_APART.format(more=MORE, then=then), to="", replace=True)
    _apart_already()
    elsewhere = f"id NOT IN (SELECT h.row_id FROM held_apart h WHERE h.team_id <> ALL ({wall.TEAMS}))"
    for table in APART:
        op.execute(
            f"CREATE POLICY {table}_apart ON {table} AS RESTRICTIVE FOR SELECT TO acogida_app USING ({elsewhere})"
        )


def _apart_already() -> None:
    """Files that were handed over before this."""
    op.execute(SEAL_TASKS)
    op.execute(SEAL_CLOCKS)
    op.execute(GONE_ALONG.format(rows=WRITTEN))
    for each in FOLLOWS:
        op.execute(each.format(of="true", at="now()"))


def _stop_reasons(codes: str) -> None:
    name = op.f("ck_best_interests_stop_reason_known")
    op.drop_constraint(name, "best_interests", type_="check")
    op.create_check_constraint(name, "best_interests", f"stop_reason IN ({codes})")


def downgrade() -> None:
    for table in APART:
        op.execute(f"DROP POLICY {table}_apart ON {table}")
    wall.definer_function(SIGNATURE, HOLD_APART.format(more="", then=""), to="", replace=True)
    op.execute("UPDATE best_interests SET stop_reason = 'LEFT' WHERE stop_reason = 'HANDED_OVER'")
    _stop_reasons(STOPPED_BY_HAND)
