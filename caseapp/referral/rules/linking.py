"""The one-time page: what its link and code are, how long it opens, and what it may do (DO_NO_HARM, VOCABULARY A1)."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from hashlib import sha256

from caseapp.deadline.rules import Works, moment_after, weekdays

#: Wrong codes after which a link is locked.
MOST_WRONG = 5
DIGITS = 6
#: How long a link opens, by priority: until the answer is surely given and the person has come, and never more than
#: a week; a longer wait gets a new link, with a new call.
OPENS_FOR = {
    "IMMEDIATE": timedelta(hours=24), "EMERGENCY": timedelta(hours=48), "URGENT": timedelta(hours=144),
    "NORMAL": timedelta(days=7),
}  # fmt: skip
#: How many working days a link opens at least, where the service keeps office hours: a link that is sent before a holiday
#: is read after it. Never longer than `LONGEST`.
WORKING_DAYS = {"IMMEDIATE": 1, "EMERGENCY": 2, "URGENT": 4, "NORMAL": 5}
LONGEST = timedelta(days=14)
#: States of a referral in which its page opens, and what the page may do in each.
MAY = {
    "SENT": ("accept", "decline"),
    "INFO_ASKED": ("accept", "decline"),
    "ACCEPTED": ("start",),
}
#: Of what the sender chose to show, what a page without an account shows at most: never a full name, a relation, a
#: telephone number or a document.
SHOWS = frozenset({"AGE", "SEX", "LANGUAGES", "REQUIREMENTS"})


def expires_at(
    priority: str, made_at: datetime, *, office: bool = False, timezone: str = "UTC", works: Works = weekdays
) -> datetime:
    """When a link made at a moment opens no longer. `office`: the service keeps office hours; then at the earliest at the
    end of so many of its working days (`works`, in its zone)."""
    plain = made_at + OPENS_FOR[priority]
    if not office:
        return plain
    worked = moment_after(made_at, WORKING_DAYS[priority], "working_days", timezone, works)
    return min(max(plain, worked), made_at + LONGEST)


def token_hash(token: str) -> bytes:
    """What the database keeps of a link's token."""
    return sha256(token.encode()).digest()


def code_mac(key: bytes, token: str, code: str) -> bytes:
    """What the database keeps of a code: an HMAC under a key that is not in the database, bound to the token, which
    the database does not hold either. Six figures cannot be tried out on a copy of the database."""
    return hmac.new(key, f"referral_link|{token}|{code}".encode(), sha256).digest()


def figures(typed: str) -> str:
    """A code as it was typed or heard: its figures only."""
    return "".join(c for c in typed if c in "0123456789")[: DIGITS + 1]
