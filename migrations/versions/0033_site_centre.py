"""Where a site lies (its municipality's centre, never a safe house's), and in which languages a service works."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

CHECKS = {
    "no_safe_house_located": "kind <> 'SAFE_HOUSE' OR num_nonnulls(latitude, longitude, admin2) = 0",
    "both_coordinates": "num_nonnulls(latitude, longitude) <> 1",
    "latitude_on_earth": "latitude BETWEEN -90 AND 90",
    "longitude_on_earth": "longitude BETWEEN -180 AND 180",
}
#: The team that offers the service, or an administrator or data steward of the service's country.
KEEPS = f"""EXISTS (SELECT FROM service v JOIN site s ON s.id = v.site_id WHERE v.id = service_id
  AND (v.team_id = ANY ({wall.TEAMS}) OR v.team_id = ANY ({wall.SITE_TEAMS}) OR EXISTS (
    SELECT FROM membership m JOIN team t ON t.id = m.team_id
    WHERE m.user_id = {wall.ACTING_USER} AND m.role IN ('ADMINISTRATOR', 'DATA_STEWARD')
    AND t.country = s.country AND (m.valid_to IS NULL OR m.valid_to > current_date))))"""


def upgrade() -> None:
    op.add_column("site", sa.Column("admin2", sa.Text(), nullable=True))
    op.add_column("site", sa.Column("latitude", sa.Numeric(8, 5), nullable=True))
    op.add_column("site", sa.Column("longitude", sa.Numeric(8, 5), nullable=True))
    for name, says in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_site_{name}"), "site", says)
    op.create_table(
        "service_language",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.CheckConstraint("language ~ '^[a-z]{3}$'", name=op.f("ck_service_language_language_form")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_service_language_service_id")),
        sa.PrimaryKeyConstraint("service_id", "language", name=op.f("pk_service_language")),
    )
    wall.behind_policy("service_language", read="true", write=KEEPS)
    wall.grant("service_language", app="SID", work="SID")


def downgrade() -> None:
    op.drop_table("service_language")
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_site_{name}"), "site")
    for column in ("longitude", "latitude", "admin2"):
        op.drop_column("site", column)
