"""A closed file takes no further entry, and losing contact is no solution (decision 0040)."""

from __future__ import annotations

from alembic import op

from migrations import wall

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

#: What a closed file takes: `people.rules.ON_CLOSED`, as it stood when this was written.
ON_CLOSED = (
    "alert.raised", "alert.resolved", "case.closed", "case.reopened", "consent.expired", "consent.withdrawn",
    "enquiry.logged", "event.withdrawn", "glass.broken", "person.erased", "person.merged", "person.profiled",
    "person.unmerged",
)  # fmt: skip


def upgrade() -> None:
    taken = ", ".join(f"'{kind}'" for kind in ON_CLOSED)
    wall.definer_function(
        "refuse_entry_in_closed_file() RETURNS trigger LANGUAGE plpgsql",
        """
        BEGIN
          IF EXISTS (SELECT FROM public."case" c WHERE c.id = NEW.case_id AND c.status = 'CLOSED') THEN
            RAISE EXCEPTION 'the file is closed'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'case_event_file_open';
          END IF;
          RETURN NEW;
        END
        """,
        to="acogida_app, acogida_work",
    )
    op.execute(
        "CREATE TRIGGER case_event_file_open BEFORE INSERT ON case_event FOR EACH ROW "
        f"WHEN (NEW.case_id IS NOT NULL AND NEW.kind NOT IN ({taken})) "
        "EXECUTE FUNCTION refuse_entry_in_closed_file()"
    )
    # Deportation and a lost contact are counted as what they are, whoever writes the entry.
    op.execute(
        """
        CREATE FUNCTION refuse_false_solution() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION 'a reason and its group disagree about a solution'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'case_event_solution_is_one';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER case_event_solution_is_one BEFORE INSERT ON case_event FOR EACH ROW "
        "WHEN (NEW.kind = 'case.closed' AND (NEW.reason LIKE 'SOLUTION\\_%') IS DISTINCT FROM "
        "(NEW.reason_group = 'SOLUTION')) EXECUTE FUNCTION refuse_false_solution()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER case_event_solution_is_one ON case_event")
    op.execute("DROP FUNCTION refuse_false_solution()")
    op.execute("DROP TRIGGER case_event_file_open ON case_event")
    op.execute("DROP FUNCTION refuse_entry_in_closed_file()")
