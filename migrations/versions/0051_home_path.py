"""Those who are at home: declared displacement, what they left, reception after return."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def _table(name: str, *columns: Any, recorded: bool = True, indexed: bool = False) -> None:
    by = [sa.Column("recorded_by_id", sa.Uuid(), nullable=True)] if recorded else []
    keys = {"case_id": "case", **({"recorded_by_id": "user_account"} if recorded else {})}
    op.create_table(
        name,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        *columns,
        *by,
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_{name}_{column}"))
            for column, table in keys.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    for column in [*(["recorded_by_id"] if recorded else []), *(["case_id"] if indexed else [])]:
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column], unique=False)
    wall.behind_policy(name, read=wall.owner_of("case_id"))


def _known(table: str, column: str, *codes: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{c}'" for c in codes)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{column}_known"))


def upgrade() -> None:
    _table(
        "displacement",
        sa.Column("from_place", sa.Text(), nullable=False),
        sa.Column("displaced_on", sa.Date(), nullable=False),
        sa.Column("declared_on", sa.Date(), nullable=False),
        sa.CheckConstraint("displaced_on <= declared_on", name=op.f("ck_displacement_left_before_declared")),
        sa.UniqueConstraint(
            "case_id",
            "displaced_on",
            "from_place",
            name=op.f("uq_displacement_case_id_displaced_on_from_place"),
        ),
    )
    _table(
        "property",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tenure", sa.Text(), nullable=False),
        sa.Column("happened", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("whereabouts_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("registered_on", sa.Date(), nullable=False),
        sa.Column("measure", sa.Text(), server_default="NONE", nullable=False),
        sa.Column("measure_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        _known("property", "kind", "HOUSE", "LAND", "BUSINESS", "LIVESTOCK", "OTHER"),
        _known("property", "tenure", "OWNED", "TENANT", "POSSESSION", "FAMILY"),
        _known("property", "happened", "ABANDONED", "OCCUPIED", "SOLD_UNDER_THREAT"),
        _known("property", "measure", "NONE", "ASKED", "ACTIVE"),
        sa.CheckConstraint(
            "(measure = 'NONE') OR measure_on IS NOT NULL", name=op.f("ck_property_measure_has_date")
        ),
        sa.CheckConstraint("measure_on >= registered_on", name=op.f("ck_property_measure_after_registered")),
        recorded=False,
        indexed=True,
    )
    _table(
        "returnee_reception",
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("from_country", sa.CHAR(3), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        _known("returnee_reception", "how", "REMOVED", "SPONTANEOUS", "ASSISTED"),
        sa.UniqueConstraint("case_id", "received_on", name=op.f("uq_returnee_reception_case_id_received_on")),
    )
    wall.grant("displacement", app="SI", work="SI")
    wall.grant("returnee_reception", app="SI", work="SI")
    wall.grant("property", app="SIU", work="SIU")


def downgrade() -> None:
    for table in ("returnee_reception", "property", "displacement"):
        op.drop_table(table)
