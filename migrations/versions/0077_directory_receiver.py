"""A receiving team that stands for an entry of the directory which no team of ours offers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0077"
down_revision = "0076"
branch_labels = None
depends_on = None

KIND = "ck_team_stands_for_by_type"
KEY = "fk_team_stands_for_id"


def upgrade() -> None:
    op.add_column("team", sa.Column("stands_for_id", sa.Uuid(), nullable=True))
    op.execute(
        f"ALTER TABLE team ADD CONSTRAINT {KEY} FOREIGN KEY (stands_for_id) REFERENCES service (id) NOT VALID"
    )
    op.execute(f"ALTER TABLE team VALIDATE CONSTRAINT {KEY}")
    op.create_unique_constraint(op.f("uq_team_stands_for_id"), "team", ["stands_for_id"])
    op.execute(
        f"ALTER TABLE team ADD CONSTRAINT {KIND} CHECK ((type = 'DIRECTORY') = (stands_for_id IS NOT NULL)) NOT VALID"
    )
    op.execute(f"ALTER TABLE team VALIDATE CONSTRAINT {KIND}")
    _open_entries_only()
    _nobody_in_it()
    _made_once()


def _open_entries_only() -> None:
    """Whoever makes the team: what is offered in a safe house, and the protected kinds, have teams of their own."""
    op.execute(
        """
        CREATE FUNCTION team_stands_for_open_entry() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NOT EXISTS (
            SELECT FROM public.service s JOIN public.site i ON i.id = s.site_id
            WHERE s.id = NEW.stands_for_id AND s.active AND s.team_id IS NULL
              AND s.referral_method NOT IN ('SYSTEM', 'NOT_ACCEPTED')
              AND i.kind <> 'SAFE_HOUSE' AND i.id = NEW.site_id AND i.country = NEW.country
              AND NOT EXISTS (SELECT FROM public.reference_code c
                WHERE c.list_name = 'service_kind' AND c.code = s.kind AND 'S' = ANY (c.flags)))
          THEN
            RAISE EXCEPTION 'nobody is referred to this entry'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'team_stands_for_open_entry';
          END IF;
          RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER team_stands_for_open_entry BEFORE INSERT OR UPDATE OF stands_for_id, site_id, country ON team "
        "FOR EACH ROW WHEN (NEW.stands_for_id IS NOT NULL) EXECUTE FUNCTION team_stands_for_open_entry()"
    )


def _nobody_in_it() -> None:
    op.execute(
        """
        CREATE FUNCTION membership_in_a_team_of_people() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF EXISTS (SELECT FROM public.team t WHERE t.id = NEW.team_id AND t.stands_for_id IS NOT NULL) THEN
            RAISE EXCEPTION 'nobody signs in for an entry of the directory'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'membership_in_a_team_of_people';
          END IF;
          RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER membership_in_a_team_of_people BEFORE INSERT OR UPDATE OF team_id ON membership FOR EACH ROW "
        "EXECUTE FUNCTION membership_in_a_team_of_people()"
    )


#: Somebody without a team has no teams to name.
MAY_REFER = f"current_setting('app.teams', true) IS NOT NULL AND cardinality({wall.TEAMS}) IS NOT NULL"


def _made_once(may: str = MAY_REFER, *, replace: bool = False) -> None:
    """Who receives what is referred to an entry: the team that offers it, else the one that stands for it, which is made
    here, once, and called as the entry is called today. `may`: who may ask."""
    op.execute("GRANT INSERT, UPDATE (name, sort_key) ON team TO acogida_definer")
    wall.definer_function(
        "receiver_of_service(p_service uuid, p_id uuid) RETURNS uuid LANGUAGE plpgsql",
        f"""
        DECLARE
          offered uuid;
          made uuid;
        BEGIN
          IF NOT ({may}) THEN
            RAISE insufficient_privilege USING MESSAGE = 'only a team that works with people refers';
          END IF;
          SELECT s.team_id INTO offered FROM public.service s WHERE s.id = p_service;
          IF offered IS NOT NULL THEN RETURN offered; END IF;
          INSERT INTO public.team (id, code, type, country, site_id, name, sort_key, active, stands_for_id)
          SELECT p_id, i.code || '-DIRECTORY-' || s.id, 'DIRECTORY', i.country, i.id,
                 coalesce(o.name, i.name) || ' · ' || s.name, coalesce(o.sort_key, i.sort_key) || ' ' || s.sort_key,
                 true, s.id
          FROM public.service s JOIN public.site i ON i.id = s.site_id
          LEFT JOIN public.organisation o ON o.id = i.organisation_id
          WHERE s.id = p_service
          ON CONFLICT (stands_for_id) DO UPDATE SET name = EXCLUDED.name, sort_key = EXCLUDED.sort_key
          RETURNING id INTO made;
          RETURN made;
        END
        """,
        to="acogida_app",
        replace=replace,
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION receiver_of_service(uuid, uuid)")
    op.execute("REVOKE INSERT, UPDATE (name, sort_key) ON team FROM acogida_definer")
    op.execute("DROP TRIGGER membership_in_a_team_of_people ON membership")
    op.execute("DROP FUNCTION membership_in_a_team_of_people()")
    op.execute("DROP TRIGGER team_stands_for_open_entry ON team")
    op.execute("DROP FUNCTION team_stands_for_open_entry()")
    # Referrals may be at teams that stand for entries: they stay as teams of a service.
    op.execute(f"ALTER TABLE team DROP CONSTRAINT {KIND}")
    op.execute("UPDATE team SET type = 'HEALTH', stands_for_id = NULL WHERE stands_for_id IS NOT NULL")
    op.drop_constraint(op.f("uq_team_stands_for_id"), "team", type_="unique")
    op.execute(f"ALTER TABLE team DROP CONSTRAINT {KEY}")
    op.drop_column("team", "stands_for_id")
