"""Whether anybody reads the inbox to which people were sent. A team without accounts (a parish) is answered by
telephone or by its one-time page; its sender must know at once, and also when the last member leaves later."""

from __future__ import annotations

from caseapp.core import clock
from caseapp.referral.models import Referral
from caseapp.referral.queries import related
from caseapp.referral.service.steps import notice


def tell_if_nobody_is_there(found: Referral) -> bool:
    """Leave a word for the sender, once, where nobody of the receiving team signs in and answers."""
    if found.nobody_told_at is not None or related.answering_teams([found.to_team_id]):
        return False
    found.nobody_told_at = clock.now()
    notice(found, "NOBODY_THERE", found.from_team_id)
    return True
