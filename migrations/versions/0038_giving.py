"""Deliveries written by whoever gives them, sealed ones, and what a shelter gives by number; the roles of assistance."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

BEFORE = (
    "CASEWORKER", "SUPERVISOR", "SHELTER_COORDINATOR", "SERVICE_FOCAL_POINT", "COMMISSION_ANALYST",
    "REGIONAL_ANALYST", "DATA_STEWARD", "RELEASE_APPROVER", "ADMINISTRATOR", "AUDITOR", "GATE_NIGHT",
    "CUSTODY_LIAISON", "CHILD_OFFICER", "DATA_PROTECTION_OFFICER",
)  # fmt: skip
MORE = ("ASSISTANCE_OFFICER", "PAYMENTS_APPROVER", "SHELTER_VOLUNTEER")
ITEMS = (
    "CASH", "VOUCHER", "FOOD", "HYGIENE", "CLOTHING", "DIGNITY_KIT", "BABY", "MEDICINE", "RENT", "TRANSPORT_LOCAL",
    "DOCUMENT_FEE", "PHONE_CREDIT",
)  # fmt: skip
COUNTED = ("MEAL", *ITEMS[2:7])
CHECKS = {
    "quantity_sane": "quantity BETWEEN 1 AND 999",
    "education_known": "education IN ('ENROLMENT_ASKED', 'VALIDATION_ASKED', 'ENROLLED', 'RECOGNISED')",
    "education_of_school": "education IS NULL OR (sector = 'EDUCATION' AND item IS NULL)",
    "language_of_talk": "language IS NULL OR item IS NULL",
    "sealed_belongs": "NOT sealed OR num_nonnulls(need_id, referral_id) > 0",
}
#: The owner of the file, and the team that wrote it down for as long as it may open the file.
READ = f"{wall.owner_of('case_id')} OR (team_id = ANY ({wall.TEAMS}) AND {wall.opens('case_id')})"
ADD = (
    f"{wall.owner_of('case_id')} OR (team_id = ANY ({wall.TEAMS}) AND {wall.opens('case_id')} AND NOT sealed)"
)


def _roles(roles: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{role}'" for role in roles)
    op.drop_constraint(op.f("ck_membership_role_known"), "membership", type_="check")
    full = op.f("ck_membership_role_known")
    op.execute(f"ALTER TABLE membership ADD CONSTRAINT {full} CHECK (role IN ({listed})) NOT VALID")
    op.execute(f"ALTER TABLE membership VALIDATE CONSTRAINT {full}")


def _delivery_policies(read: str, add: str) -> None:
    for verb in ("read", "add", "change", "remove", "work"):
        op.execute(f"DROP POLICY delivery_{verb} ON delivery")
    wall.behind_policy("delivery", read=read, add=add)


def upgrade() -> None:
    _roles((*BEFORE, *MORE))
    _where_roles_are_held()
    for column in (
        sa.Column("quantity", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("language", sa.CHAR(length=3), nullable=True),
        sa.Column("education", sa.Text(), nullable=True),
        sa.Column("sealed", sa.Boolean(), server_default=sa.false(), nullable=False),
    ):
        op.add_column("delivery", column)
    for name, rule in CHECKS.items():
        full = op.f(f"ck_delivery_{name}")
        op.execute(f"ALTER TABLE delivery ADD CONSTRAINT {full} CHECK ({rule}) NOT VALID")
        op.execute(f"ALTER TABLE delivery VALIDATE CONSTRAINT {full}")
    op.drop_index(op.f("ix_delivery_team_id"), table_name="delivery")
    op.create_index("ix_delivery_team_day", "delivery", ["team_id", "delivered_on"], unique=False)
    _delivery_policies(READ, ADD)
    _question(definer=True)
    _tally()


def _where_roles_are_held() -> None:
    """Whoever asks for or approves payments is of a team that owns no file: PostgreSQL gives it no need and no claim."""
    wall.definer_function(
        "keep_role_in_its_team() RETURNS trigger LANGUAGE plpgsql",
        """
        BEGIN
          IF NEW.role IN ('ASSISTANCE_OFFICER', 'PAYMENTS_APPROVER') AND NOT EXISTS (
            SELECT FROM public.team t WHERE t.id = NEW.team_id AND t.type = 'CASH_PROVIDER') THEN
            RAISE EXCEPTION 'this role is held in a team that provides cash'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_membership_role_in_its_team';
          END IF;
          RETURN NEW;
        END
        """,
        to="",
    )
    op.execute("GRANT SELECT ON team TO acogida_definer")
    op.execute(
        "CREATE TRIGGER role_in_its_team BEFORE INSERT OR UPDATE OF role, team_id ON membership "
        "FOR EACH ROW EXECUTE FUNCTION keep_role_in_its_team()"
    )


def _question(*, definer: bool) -> None:
    """The lock is taken before the look, and the look sees what was committed while it waited: as a definer what any
    team gave (the answer says only that it was the same), sealed and not sealed apart."""
    apart = "AND d.sealed = NEW.sealed" if definer else ""
    body = f"""
        BEGIN
          IF NEW.item IS NULL OR NEW.interval_days IS NULL OR NEW.again_reason IS NOT NULL
             OR NEW.withdrawn_on IS NOT NULL OR NEW.result NOT IN ('DELIVERED_FULL', 'DELIVERED_PART') THEN
            RETURN NEW;
          END IF;
          PERFORM pg_advisory_xact_lock(hashtextextended(NEW.case_id::text || NEW.item, 7203));
          IF EXISTS (
            SELECT FROM public.delivery d
            WHERE d.case_id = NEW.case_id AND d.item = NEW.item AND d.id <> NEW.id AND d.withdrawn_on IS NULL
              AND d.result IN ('DELIVERED_FULL', 'DELIVERED_PART') {apart}
              AND abs(d.delivered_on - NEW.delivered_on) < NEW.interval_days) THEN
            RAISE EXCEPTION 'the same was given within its interval'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_delivery_asked_again';
          END IF;
          RETURN NEW;
        END
    """
    as_whom = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp" if definer else ""
    op.execute(
        f"CREATE OR REPLACE FUNCTION question_delivery_again() RETURNS trigger LANGUAGE plpgsql {as_whom} AS $${body}$$"
    )
    if definer:
        op.execute("GRANT SELECT ON delivery TO acogida_definer")
        op.execute("ALTER FUNCTION question_delivery_again() OWNER TO acogida_definer")
        op.execute("REVOKE ALL ON FUNCTION question_delivery_again() FROM PUBLIC")


def _tally() -> None:
    listed = ", ".join(f"'{item}'" for item in COUNTED)
    op.create_table(
        "item_tally",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("counted_on", sa.Date(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"item IN ({listed})", name=op.f("ck_item_tally_item_known")),
        sa.CheckConstraint("number BETWEEN 1 AND 5000", name=op.f("ck_item_tally_number_sane")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_item_tally_team_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_item_tally_site_id")),
        sa.ForeignKeyConstraint(["made_by_id"], ["user_account.id"], name=op.f("fk_item_tally_made_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_tally")),
    )
    op.create_index("ix_item_tally_team_day", "item_tally", ["team_id", "counted_on"], unique=False)
    op.create_index(op.f("ix_item_tally_site_id"), "item_tally", ["site_id"], unique=False)
    op.create_index(op.f("ix_item_tally_made_by_id"), "item_tally", ["made_by_id"], unique=False)
    own = f"team_id = ANY ({wall.TEAMS}) OR team_id = ANY ({wall.COUNT_TEAMS})"
    wall.behind_policy("item_tally", read=own)
    wall.grant("item_tally", app="SIU", work="SIU")
    # A volunteer's count has an event without a person, which its team reads again to take it back.
    of_count = f"case_id IS NULL AND team_id = ANY ({wall.COUNT_TEAMS})"
    op.execute(
        f"CREATE POLICY case_event_count_read ON case_event FOR SELECT TO acogida_app USING ({of_count})"
    )
    op.execute(
        f"CREATE POLICY case_event_count_add ON case_event FOR INSERT TO acogida_app WITH CHECK ({of_count})"
    )


def downgrade() -> None:
    op.execute("DROP POLICY case_event_count_add ON case_event")
    op.execute("DROP POLICY case_event_count_read ON case_event")
    op.drop_table("item_tally")
    op.execute("ALTER FUNCTION question_delivery_again() OWNER TO CURRENT_USER")
    _question(definer=False)
    _delivery_policies(wall.owner_of("case_id"), wall.owner_of("case_id"))
    op.drop_index("ix_delivery_team_day", table_name="delivery")
    op.create_index(op.f("ix_delivery_team_id"), "delivery", ["team_id"], unique=False)
    for column in ("sealed", "education", "language", "quantity"):
        op.drop_column("delivery", column)
    op.execute("DROP TRIGGER role_in_its_team ON membership")
    op.execute("DROP FUNCTION keep_role_in_its_team()")
    op.execute(f"DELETE FROM membership WHERE role IN ({', '.join(repr(r) for r in MORE)})")
    _roles(BEFORE)
