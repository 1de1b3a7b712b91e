"""Departures from the order of exit are read where the station is, and in no order that tells a rank; whoever refers to an
entry of the directory has a team in its country."""

from __future__ import annotations

from importlib import import_module

from migrations import wall

revision = "0085"
down_revision = "0084"
branch_labels = None
depends_on = None

departures = import_module("migrations.versions.0082_audited_departures")
receivers = import_module("migrations.versions.0077_directory_receiver")
#: An auditor of the station's country, wherever the file has gone since.
AUDITS = f"""
    EXISTS (
      SELECT FROM public.membership m JOIN public.team mt ON mt.id = m.team_id
      WHERE m.user_id = {wall.ACTING_USER} AND m.role = 'AUDITOR' AND mt.country = t.country
        AND m.valid_from <= CURRENT_DATE AND (m.valid_to IS NULL OR m.valid_to > CURRENT_DATE))
"""
MAY_REFER = f"""
    EXISTS (
      SELECT FROM public.service s JOIN public.site i ON i.id = s.site_id JOIN public.team own ON own.country = i.country
      WHERE s.id = p_service AND own.id = ANY ({wall.TEAMS}))
"""


def upgrade() -> None:
    departures.audited(AUDITS, "pc.number", replace=True)
    receivers._made_once(MAY_REFER, replace=True)


def downgrade() -> None:
    departures.audited(replace=True)
    receivers._made_once(replace=True)
