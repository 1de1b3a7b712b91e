"""Definitions of the demo: one country counts completed referrals by a version of its own from the month that is not
released yet, and a draft of another indicator waits for whoever tries the demo."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from caseapp.core import clock
from caseapp.core.db import session
from caseapp.indicators import catalogue
from caseapp.indicators.drafts import entry as entries
from caseapp.indicators.drafts import service as drafts
from caseapp.indicators.drafts.queries import first_open_month
from caseapp.indicators.models import Definition
from caseapp.publication.defining import months_to_choose
from caseapp.publication.service import defining
from workers.demo import places
from workers.demo.acting import acting

COUNTRY = "MEX"
TEAM = f"{COUNTRY}-COMMISSION_STATISTICS"
#: The version that is published: a referral that was declined waited for an answer as well.
PUBLISHED = "P2-04"
ANSWERED: dict[str, Any] = {
    "of": {"ending": ["ANSWER_DUE"]},
    "definition": {
        "es": "De las referencias que debían responderse y terminaron en el periodo, la parte cuyo servicio concluyó con resultado. Las no aceptadas también cuentan abajo.",
        "en": "Of the referrals that were due an answer and ended in the period, the share whose service was completed with a result. Those declined count below as well.",
    },
    "denominator": {
        "es": "Referencias de personas que debían responderse y terminaron",
        "en": "Referrals of persons that were due an answer and ended",
    },
}  # fmt: skip
WHY = "Las referencias no aceptadas esperaban respuesta igual que las demás: sin ellas la cifra parecía mejor de lo que fue."
#: The draft that waits: words alone.
WAITING = "P1-03"
CLEARER: dict[str, Any] = {
    "name": {"es": "Personas entrevistadas en las 24 horas desde su llegada", "en": "Persons screened within 24 hours of their arrival"},
}  # fmt: skip
WHY_CLEARER = "«Primeros contactos» se leía como llamadas. Se cuentan personas."


def define(today: date) -> bool:
    """Publish one version and leave another waiting, once; answers whether anything was written. Does not commit."""
    mine = (
        sa.select(Definition.id).where(Definition.country == COUNTRY, Definition.code == PUBLISHED).limit(1)
    )
    if session.scalar(mine) is not None:
        return False
    steward, approver = places.worker("DATA_STEWARD", TEAM), places.worker("RELEASE_APPROVER", TEAM)
    month = months_to_choose(today, first_open_month(COUNTRY))[0]
    with clock.held_at(clock.now() - timedelta(days=3)):
        proposed = _propose(steward, PUBLISHED, ANSWERED, month, WHY)
    with acting(approver), clock.held_at(clock.now() - timedelta(days=2)):
        defining.publish(proposed, by=approver)
    with clock.held_at(clock.now() - timedelta(hours=20)):
        _propose(steward, WAITING, CLEARER, month, WHY_CLEARER)
    return True


def _propose(steward: Any, code: str, words: dict[str, Any], month: str, why: str) -> Any:
    with acting(steward):
        draft = drafts.begin(code, COUNTRY, by=steward).id
        entry = entries.entry_of(catalogue.get(code)) | words
        drafts.save(draft, entry, version=None, by=steward)
        return defining.propose(draft, month=month, reason=why, by=steward).id
