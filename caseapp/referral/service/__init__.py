"""The verbs of referrals: they change rows, append the event and leave notices; they flush, never commit."""

from caseapp.referral.events import ended_badly
from caseapp.referral.service.answering import (
    Staff,
    accept,
    agree_part,
    ask_info,
    complete,
    decline,
    not_complete,
    refuse_part,
    start,
)
from caseapp.referral.service.clocks import look_at, look_at_clocks
from caseapp.referral.service.consenting import look_at_birthdays
from caseapp.referral.service.depending import dependants
from caseapp.referral.service.nights import change_nights
from caseapp.referral.service.pausing import hours_to_pause
from caseapp.referral.service.reviewing import review
from caseapp.referral.service.sending import draft, give_info, refer, send, withdraw
from caseapp.referral.service.steps import MOVED, read_notices
from caseapp.referral.service.who import hold_and_refer
from caseapp.referral.waiting.service import follow, given_back, lapse_offers

if follow not in MOVED:
    MOVED.append(follow)
if given_back not in ended_badly:
    ended_badly.append(given_back)

__all__ = [
    "Staff", "accept", "agree_part", "ask_info", "change_nights", "complete", "decline", "dependants", "draft", "give_info", "hold_and_refer",
    "hours_to_pause",
    "lapse_offers",
    "look_at", "look_at_birthdays", "look_at_clocks", "not_complete", "read_notices", "refer", "refuse_part", "review", "send", "start", "withdraw",
]  # fmt: skip
