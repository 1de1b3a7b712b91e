"""Licences for children that follow each other count as one, in the search across shelters as everywhere else."""

from __future__ import annotations

from importlib import import_module

revision = "0079"
down_revision = "0078"
branch_labels = None
depends_on = None

#: As `shelter.rules.licensed`: the directory says that the site has one; dated ones, where there are any, leave no night
#: uncovered.
LICENSED = (
    "h.child_licence AND coalesce((SELECT range_agg(daterange(k.valid_from, k.valid_to, '[]')) FROM public.child_licence k "
    "WHERE k.site_id = h.id) @> daterange(p_first, p_last, '[]'), true)"
)


def upgrade() -> None:
    import_module("migrations.versions.0068_children_together")._who(LICENSED, replace=True)


def downgrade() -> None:
    import_module("migrations.versions.0068_children_together")._who(replace=True)
