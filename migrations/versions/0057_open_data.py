"""Open data: the words of a release kept as sealed, and keys of the open interface, checked by a function that reads no
account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import wall

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

STEWARD = (
    "EXISTS (SELECT FROM public.membership m JOIN public.team t ON t.id = m.team_id "
    f"WHERE m.user_id = {wall.ACTING_USER} AND m.role = 'DATA_STEWARD' AND t.country = {{country}})"
)
#: A steward of one of its countries sees a key; only a steward of all of them makes it.
OF_ONE = f"EXISTS (SELECT FROM unnest(countries) AS c(code) WHERE {STEWARD.format(country='c.code')})"
OF_ALL = f"NOT EXISTS (SELECT FROM unnest(countries) AS c(code) WHERE NOT {STEWARD.format(country='c.code')})"
CHECK = "released.api_key_check(bytea, date)"


def upgrade() -> None:
    op.add_column("file", sa.Column("content", sa.Text(), nullable=True), schema="released")
    op.create_table(
        "api_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("countries", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("last_used_on", sa.Date(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("octet_length(token_hash) = 32", name=op.f("ck_api_key_token_hashed")),
        sa.CheckConstraint(
            "cardinality(scopes) > 0 AND scopes <@ ARRAY['figures:read', 'cells:read', 'releases:read']",
            name=op.f("ck_api_key_scopes_known"),
        ),
        sa.CheckConstraint(
            "cardinality(countries) > 0 AND array_to_string(countries, ',') ~ '^[A-Z]{3}(,[A-Z]{3})*$'",
            name=op.f("ck_api_key_countries_given"),
        ),
        sa.CheckConstraint("name <> '' AND length(name) <= 80", name=op.f("ck_api_key_named")),
        sa.CheckConstraint(
            "expires_on > CAST(made_at AT TIME ZONE 'UTC' AS date) "
            "AND expires_on <= CAST(made_at AT TIME ZONE 'UTC' AS date) + 366",
            name=op.f("ck_api_key_expires_within_a_year"),
        ),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoked_by_id IS NULL)", name=op.f("ck_api_key_revoked_by")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_api_key_organisation_id")
        ),
        sa.ForeignKeyConstraint(["made_by_id"], ["user_account.id"], name=op.f("fk_api_key_made_by_id")),
        sa.ForeignKeyConstraint(
            ["revoked_by_id"], ["user_account.id"], name=op.f("fk_api_key_revoked_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_key_token_hash")),
    )
    for column in ("organisation_id", "made_by_id", "revoked_by_id"):
        op.create_index(op.f(f"ix_api_key_{column}"), "api_key", [column], unique=False)
    _walls()


def _walls() -> None:
    wall.behind_policy("api_key", read=OF_ONE, add=OF_ALL, write=OF_ONE)
    # What a key may is settled when it is made; afterwards it can only be taken back.
    wall.grant("api_key", app="S", work="S")
    op.execute(
        "GRANT INSERT (id, organisation_id, name, hint, token_hash, scopes, countries, made_by_id, made_at, expires_on) "
        "ON api_key TO acogida_app"
    )
    op.execute("GRANT UPDATE (revoked_at, revoked_by_id) ON api_key TO acogida_app")
    op.execute("DROP POLICY api_key_change ON api_key")
    op.execute(
        f"CREATE POLICY api_key_change ON api_key FOR UPDATE TO acogida_app USING ({OF_ONE} AND revoked_at IS NULL) "
        f"WITH CHECK ({OF_ONE} AND revoked_by_id = {wall.ACTING_USER})"
    )
    op.execute("GRANT SELECT, UPDATE ON api_key TO acogida_definer")
    op.execute("GRANT USAGE, CREATE ON SCHEMA released TO acogida_definer")
    wall.definer_function(
        f"{CHECK.replace('(bytea, date)', '(p_hash bytea, p_today date)')} "
        "RETURNS TABLE (id uuid, scopes text[], countries text[]) LANGUAGE plpgsql",
        """
        #variable_conflict use_column
        DECLARE
          k public.api_key%ROWTYPE;
        BEGIN
          SELECT * INTO k FROM public.api_key a
          WHERE a.token_hash = p_hash AND a.revoked_at IS NULL AND a.expires_on >= p_today;
          IF NOT FOUND THEN RETURN; END IF;
          -- The day of the last use, once a day; a replica only reads.
          IF k.last_used_on IS DISTINCT FROM p_today AND NOT pg_is_in_recovery() THEN
            UPDATE public.api_key a SET last_used_on = p_today WHERE a.id = k.id;
          END IF;
          id := k.id;
          scopes := k.scopes;
          countries := k.countries;
          RETURN NEXT;
        END
        """,
        to="acogida_figures",
    )
    op.execute("REVOKE CREATE ON SCHEMA released FROM acogida_definer")


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {CHECK}")
    op.execute("REVOKE USAGE ON SCHEMA released FROM acogida_definer")
    op.drop_table("api_key")
    op.drop_column("file", "content", schema="released")
