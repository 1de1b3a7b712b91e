"""Custody: the time in it, safeguards, who was passed over, follow-ups; and what a station may read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

EXITS = "'TRIPARTITE', 'COURT', 'BAIL_OR_MEASURE', 'TIME_LIMIT', 'STATUS_GIVEN', 'CHILD_TRANSFER', 'VOLUNTARY_RETURN', 'REMOVED', 'ESCAPED', 'DIED'"
RANKS = "'SINGLE_PARENT_FAMILIES', 'FAMILIES', 'SINGLE_WOMEN', 'LGBTI_PEOPLE', 'SINGLE_MEN'"
REASONS = "'COURT_ORDER', 'TIME_LIMIT', 'HEALTH', 'SAFETY', 'PLACE_SUITS_ONE', 'OTHER_CHOSE_TO_WAIT', 'AUTHORITY_DECIDED', 'OTHER'"
SAFEGUARDS = "'TOLD_OF_ASYLUM', 'INTERPRETER', 'LAWYER', 'DOCTOR', 'PHONE_CALL', 'UNHCR_ACCESS', 'NO_CONSULAR_CONTACT', 'CHILD_AUTHORITY_CALLED'"

CHECKS = {
    "state_known": "state IN ('HELD', 'EXIT_ASKED', 'RELEASED')",
    "authority_known": "authority IN ('MIGRATION_AUTHORITY', 'POLICE', 'NATIONAL_GUARD', 'PROSECUTOR', 'PENITENTIARY')",
    "basis_known": "basis IN ('NOT_TOLD', 'ENTRY_OR_STAY', 'IDENTITY_CHECK', 'REMOVAL_PROCEDURE', 'CRIMINAL_PROCEDURE')",
    "exit_code_known": f"exit_code IN ({EXITS})",
    "rank_known": f"rank IN ({RANKS})",
    "order_outcome_known": "order_outcome IN ('ORDER_KEPT', 'ORDER_DEPARTED', 'NOT_IN_ORDER')",
    "departure_reason_known": f"departure_reason IN ({REASONS})",
    "place_form": "place ~ '^[A-Z]{2}[0-9A-Z]+$'",
    "exit_has_code": "(state = 'HELD') = (exit_code IS NULL)",
    "exit_has_date": "(exit_code IS NULL) = (exit_on IS NULL)",
    "exit_has_author": "(exit_code IS NULL) = (exit_by_id IS NULL)",
    "exit_after_beginning": "exit_on >= since_on",
    "released_has_order": "(state = 'RELEASED') = (order_outcome IS NOT NULL)",
    "grave_exit_by_two": "state <> 'RELEASED' OR exit_code NOT IN ('REMOVED', 'DIED') OR coalesce(decided_by_id <> exit_by_id, false)",
    "asked_if_grave": "state <> 'EXIT_ASKED' OR exit_code IN ('REMOVED', 'DIED')",
    "transfer_of_child": "exit_code <> 'CHILD_TRANSFER' OR child",
    "tripartite_from_station": "exit_code <> 'TRIPARTITE' OR station_id IS NOT NULL",
    "no_child_ranked": "rank IS NULL OR NOT child OR exit_on < DATE '2021-01-11'",
    "no_family_ranked": "rank IS NULL OR rank NOT IN ('SINGLE_PARENT_FAMILIES', 'FAMILIES') OR exit_on < DATE '2021-01-11'",
    "order_has_rank": "coalesce(order_outcome, '') NOT IN ('ORDER_KEPT', 'ORDER_DEPARTED') OR rank IS NOT NULL",
    "departure_has_reason": "(coalesce(order_outcome, '') = 'ORDER_DEPARTED') = (departure_reason IS NOT NULL)",
    "departure_reviewed_by_another": "departure_reviewed_by_id IS NULL OR (departure_reason IS NOT NULL AND departure_reviewed_by_id <> exit_by_id)",
    "review_has_time": "(departure_reviewed_by_id IS NULL) = (departure_reviewed_at IS NULL)",
}


def upgrade() -> None:
    op.create_table(
        "custody",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default="HELD", nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=True),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("since_on", sa.Date(), nullable=False),
        sa.Column("since_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("child", sa.Boolean(), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.Column("exit_agreed_on", sa.Date(), nullable=True),
        sa.Column("exit_code", sa.Text(), nullable=True),
        sa.Column("exit_on", sa.Date(), nullable=True),
        sa.Column("exit_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("rank", sa.Text(), nullable=True),
        sa.Column("order_outcome", sa.Text(), nullable=True),
        sa.Column("departure_reason", sa.Text(), nullable=True),
        sa.Column("departure_note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("departure_reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("departure_reviewed_by_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        *(sa.CheckConstraint(says, name=op.f(f"ck_custody_{name}")) for name, says in CHECKS.items()),
        _key("custody", "case_id", "case"),
        _key("custody", "station_id", "team"),
        *(
            _key("custody", f"{who}_by_id", "user_account")
            for who in ("recorded", "exit", "decided", "departure_reviewed")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody")),
    )
    for column in ("case_id", "recorded_by_id", "exit_by_id", "decided_by_id", "departure_reviewed_by_id"):
        op.create_index(op.f(f"ix_custody_{column}"), "custody", [column], unique=False)
    op.create_index("ix_custody_station", "custody", ["station_id", "state"], unique=False)
    op.create_index(
        "uq_custody_open", "custody", ["case_id"],
        unique=True, postgresql_where=sa.text("state <> 'RELEASED'"),
    )  # fmt: skip
    _safeguards()
    _passed_over()
    _follow_ups()
    _walls()
    _exits()


def _key(table: str, column: str, of: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{of}.id"], name=op.f(f"fk_{table}_{column}"))


def _safeguards() -> None:
    op.create_table(
        "custody_safeguard",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("custody_id", sa.Uuid(), nullable=False),
        sa.Column("safeguard", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("called_team_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(f"safeguard IN ({SAFEGUARDS})", name=op.f("ck_custody_safeguard_safeguard_known")),
        sa.CheckConstraint(
            "answer IN ('YES', 'NO', 'NOT_ASKED')", name=op.f("ck_custody_safeguard_answer_known")
        ),
        sa.CheckConstraint(
            "called_team_id IS NULL OR (safeguard = 'CHILD_AUTHORITY_CALLED' AND answer = 'YES')",
            name=op.f("ck_custody_safeguard_authority_was_called"),
        ),
        _key("custody_safeguard", "case_id", "case"),
        _key("custody_safeguard", "custody_id", "custody"),
        _key("custody_safeguard", "called_team_id", "team"),
        _key("custody_safeguard", "recorded_by_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_safeguard")),
        sa.UniqueConstraint(
            "custody_id", "safeguard", name=op.f("uq_custody_safeguard_custody_id_safeguard")
        ),
    )
    for column in ("case_id", "called_team_id", "recorded_by_id"):
        op.create_index(op.f(f"ix_custody_safeguard_{column}"), "custody_safeguard", [column], unique=False)


def _passed_over() -> None:
    op.create_table(
        "custody_passed_over",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("custody_id", sa.Uuid(), nullable=False),
        sa.Column("passed_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("custody_id <> passed_id", name=op.f("ck_custody_passed_over_not_oneself")),
        _key("custody_passed_over", "case_id", "case"),
        _key("custody_passed_over", "custody_id", "custody"),
        _key("custody_passed_over", "passed_id", "custody"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_passed_over")),
        sa.UniqueConstraint(
            "custody_id", "passed_id", name=op.f("uq_custody_passed_over_custody_id_passed_id")
        ),
    )
    for column in ("case_id", "passed_id"):
        op.create_index(
            op.f(f"ix_custody_passed_over_{column}"), "custody_passed_over", [column], unique=False
        )


def _follow_ups() -> None:
    op.create_table(
        "custody_follow_up",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("custody_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("step IN ('FIRST', 'SECOND')", name=op.f("ck_custody_follow_up_step_known")),
        sa.CheckConstraint(
            "outcome IN ('AT_SHELTER', 'SIGNED_IN', 'MOVED_WITH_LEAVE', 'NOT_FOUND', 'RE_DETAINED')",
            name=op.f("ck_custody_follow_up_outcome_known"),
        ),
        _key("custody_follow_up", "case_id", "case"),
        _key("custody_follow_up", "custody_id", "custody"),
        _key("custody_follow_up", "recorded_by_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_follow_up")),
        sa.UniqueConstraint("custody_id", "step", name=op.f("uq_custody_follow_up_custody_id_step")),
    )
    for column in ("case_id", "recorded_by_id"):
        op.create_index(op.f(f"ix_custody_follow_up_{column}"), "custody_follow_up", [column], unique=False)


def _walls() -> None:
    """Those who hold the file; and of a child in custody the child authority that was told of the child."""
    held = wall.owner_of("case_id")
    told = (
        'child AND EXISTS (SELECT FROM public."case" c JOIN public.team t ON t.id = ANY (c.readers) '
        f"WHERE c.id = case_id AND t.type = 'CHILD_AUTHORITY' AND t.id = ANY ({wall.TEAMS}))"
    )
    wall.behind_policy("custody", read=f"{held} OR ({told})", write=held)
    wall.behind_policy(
        "custody_safeguard", read="EXISTS (SELECT FROM public.custody k WHERE k.id = custody_id)", write=held
    )
    for table in ("custody_passed_over", "custody_follow_up"):
        wall.behind_policy(table, read=held)
    for table in ("custody", "custody_safeguard", "custody_passed_over", "custody_follow_up"):
        wall.grant(table, app="SIU", work="SIU")


def _exits() -> None:
    """What a station is told: whose name, and the day. Only to whoever is its liaison today; nothing of rank, reason,
    household, file number or place to go is in the answer, and no exit that is past."""
    op.execute("GRANT SELECT ON custody, membership TO acogida_definer")
    wall.definer_function(
        "custody_exits(p_today date) RETURNS TABLE (case_id uuid, person_id uuid, given_names bytea, "
        "surname_1 bytea, surname_2 bytea, exit_on date) LANGUAGE sql STABLE",
        """
        SELECT k.case_id, p.id, p.given_names_sealed, p.surname_1_sealed, p.surname_2_sealed,
               coalesce(k.exit_on, k.exit_agreed_on)
        FROM public.custody k
        JOIN public.person p ON p.case_id = k.case_id
        JOIN public."case" c ON c.id = k.case_id
        WHERE c.erased_at IS NULL
          AND (k.state = 'HELD' AND k.exit_agreed_on >= p_today
               OR k.state = 'RELEASED' AND k.exit_on = p_today
                  AND k.exit_code NOT IN ('REMOVED', 'ESCAPED', 'DIED'))
          AND EXISTS (
            SELECT FROM public.membership m
            WHERE m.user_id = (SELECT nullif(current_setting('app.user', true), ''))::uuid
              AND m.role = 'CUSTODY_LIAISON' AND m.team_id = k.station_id
              AND m.valid_from <= p_today AND (m.valid_to IS NULL OR m.valid_to > p_today))
        """,
        to="acogida_app",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION custody_exits(date)")
    op.execute("REVOKE SELECT ON membership FROM acogida_definer")
    op.drop_table("custody_follow_up")
    op.drop_table("custody_passed_over")
    op.drop_table("custody_safeguard")
    op.drop_table("custody")
