"""The one-time page of a referral: made by its sender with a link and a code, tried by whoever has both, taken back.

The database checks link and code itself (`referral_link_try`) and says only CLOSED, WRONG or OPENED; unknown, expired,
withdrawn, answered and locked are all CLOSED. Whoever is let in acts as a guest of exactly one referral.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.queries import timezone_of
from caseapp.core import access, audit, clock, crypto
from caseapp.core.db import session, uuid7
from caseapp.core.errors import NotYours
from caseapp.deadline.working_days import works_in
from caseapp.people.rules import Birth
from caseapp.referral import errors, kinds, queries, rules
from caseapp.referral.models import Referral, ReferralLink
from caseapp.referral.queries import related
from caseapp.referral.rules import linking
from config.settings import settings


@dataclass(frozen=True)
class Made:
    """A link's token and its code, shown once: the link is sent, the code is read out on the telephone."""

    token: str
    code: str
    expires_at: datetime


@dataclass(frozen=True)
class Attempt:
    """What a try came to: CLOSED, WRONG or OPENED with the referral."""

    verdict: str
    referral_id: UUID | None = None
    number: str = ""


@dataclass(frozen=True)
class GuestSees:
    """A person as a page without an account shows them; what was not chosen is None or empty."""

    case_id: UUID
    called: str
    birth: Birth | None
    age_status: str
    sex: str | None
    languages: tuple[str, ...]
    requirements: tuple[str, ...]
    life_critical: str


def _key() -> bytes:
    """The key of the codes: the installation's secret, for this purpose only."""
    return hmac.new(settings().secret_key.encode(), b"acogida/referral-link/1", sha256).digest()


def make_link(found: Referral) -> Made:
    """A new page for a receiver in whose team nobody signs in; an earlier one opens no longer. Raises `LinkNotNow`,
    `ReceiverAnswersHere`."""
    _must_be_ours(found)
    if found.state not in linking.MAY:
        raise errors.LinkNotNow
    if related.answering_teams([found.to_team_id]):
        raise errors.ReceiverAnswersHere
    revoke_link(found)
    token = secrets.token_urlsafe(32)
    code = f"{secrets.randbelow(10**linking.DIGITS):0{linking.DIGITS}d}"
    now = clock.now()
    until = linking.expires_at(
        found.priority, now, office=kinds.of(found.kind).office, timezone=timezone_of(found.to_team_id),
        works=works_in(found.country),
    )  # fmt: skip
    session.add(
        ReferralLink(
            referral_id=found.id, token_hash=linking.token_hash(token), code_mac=linking.code_mac(_key(), token, code),
            made_at=now, made_by_id=access.current().user_id, expires_at=until,
        )
    )  # fmt: skip
    audit.record("link_made", "referral", found.id)
    session.flush()
    return Made(token, code, until)


def revoke_link(found: Referral) -> bool:
    """Take the page back: from the next request on it opens no longer. Whether there was one."""
    _must_be_ours(found)
    link = related.link_of(found)
    if link is None:
        return False
    link.revoked_at = clock.now()
    audit.record("link_revoked", "referral", found.id)
    session.flush()
    return True


def _must_be_ours(found: Referral) -> None:
    if rules.SENDER not in queries.party_of(found, access.current()):
        raise NotYours


def mac_of(token: str, code: str) -> bytes:
    """What proves a code to the database."""
    return linking.code_mac(_key(), token, code)


def try_code(token: str, mac: bytes) -> Attempt:
    """Try a code. A wrong one is counted, the fifth locks the page and tells the sender; the right one is written down
    as a look. The caller commits, whatever it came to."""
    row = session.execute(
        sa.text(
            "SELECT verdict, referral_id, number FROM referral_link_try(:hash, :mac, :at, :look, :notice)"
        ),
        {
            "hash": linking.token_hash(token),
            "mac": mac,
            "at": clock.now(),
            "look": uuid7(),
            "notice": uuid7(),
        },
    ).one()
    if row.verdict == "WRONG":
        audit.record("link_wrong_code", "referral", row.referral_id)
    return Attempt(row.verdict, row.referral_id, row.number or "")


@contextmanager
def let_in(attempt: Attempt) -> Iterator[Referral]:
    """Act as the receiver of the one referral that an OPENED attempt names, for a block of this transaction."""
    if attempt.verdict != "OPENED" or attempt.referral_id is None:
        raise NotYours
    guest = access.Principal(
        name=f"link:receiver of {attempt.number}", kind="guest", guest_of=attempt.referral_id
    )
    with access.admitted(guest, session):
        audit.record("looked", "referral", attempt.referral_id, "LINK")
        yield queries.referral(guest, attempt.number, lock=True)


def people_for_guest(kind: str) -> list[GuestSees]:
    """The people of the guest's referral with the minimum (`rules.linking.SHOWS`), as the database gives it out (one
    statement, and one for keys); of requirements those that the referral's kind carries."""
    rows = session.execute(sa.text("SELECT * FROM referral_guest_people()")).all()
    crypto.load_keys(r.case_id for r in rows)
    return [_guest_sees(kind, r) for r in rows]


def _guest_sees(kind: str, row: sa.Row[tuple[object, ...]]) -> GuestSees:
    called = crypto.reveal("person", "called_name", row.person_id, row.case_id, row.called_sealed)
    given = crypto.reveal("person", "given_names", row.person_id, row.case_id, row.given_sealed)
    birth = Birth(row.birth_precision, row.birth_from, row.birth_to) if row.birth_precision else None
    life = crypto.reveal("referral_member", "life_critical", row.member_id, row.case_id, row.life_sealed)
    return GuestSees(
        row.case_id, called or (given or "").split(" ")[0], birth, row.age_status or "", row.sex,
        tuple(row.languages or ()), tuple(kinds.carried(kind, row.requirements or ())), kinds.carried_lines(kind, life),
    )  # fmt: skip
