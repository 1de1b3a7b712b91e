"""Sessions live in our own table: revocable, with an idle and an absolute limit in real time. The cookie
holds 256 random bits and nothing else; the table holds their SHA-256."""

from __future__ import annotations

import ipaddress
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import Membership, PasswordReset, Stage, Team, User, UserSession
from caseapp.accounts.rules import BETWEEN_STEPS
from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.places.models import Site
from config.settings import settings

#: The last look is written at most this often; a page does not cost an UPDATE each time.
TOUCH_EVERY = timedelta(seconds=60)
KEPT_AFTER_END = timedelta(days=30)


@dataclass(frozen=True)
class Visit:
    """Who sits at this browser. `grants` are active today; `places` names each grant's site or team."""

    session_id: UUID
    user_id: UUID
    email: str
    name: str
    language: str
    stage: str
    locked: bool
    last_seen_at: datetime
    grants: tuple[access.Grant, ...]
    places: tuple[str, ...]

    def principal(self) -> access.Principal:
        return access.Principal(
            name=self.email, user_id=self.user_id, grants=self.grants, kind="user", language=self.language
        )


def new_token() -> str:
    """256 random bits for a cookie or a link."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> bytes:
    return sha256(token.encode()).digest()


def network_of(address: str | None) -> str | None:
    """The address cut to its network: enough to recognise a place of work, not a household."""
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return None
    return str(ipaddress.ip_network(f"{ip}/{24 if ip.version == 4 else 48}", strict=False))


_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac", "Linux")  # fmt: skip


def short_agent(text: str | None) -> str | None:
    """`Firefox · Windows` out of a User-Agent; None if it says neither."""
    browser = next((name for mark, name in _BROWSERS if re.search(rf"\b{mark}", text or "")), None)
    system = next((name for name in _SYSTEMS if name in (text or "")), None)
    return " · ".join(part for part in (browser, system) if part) or None


def start(
    user_id: UUID, stage: Stage, *, address: str | None = None, agent: str | None = None,
    enrol_secret: bytes | None = None,
) -> str:  # fmt: skip
    """A new session; returns the token for the cookie, which is kept nowhere."""
    token, moment = new_token(), clock.real_now()
    lives = settings().session_absolute if stage is Stage.SIGNED_IN else BETWEEN_STEPS
    session.add(
        UserSession(
            token_hash=hashed(token), user_id=user_id, stage=stage, enrol_secret_sealed=enrol_secret,
            created_at=moment, last_seen_at=moment, expires_at=moment + lives,
            network=network_of(address), agent=short_agent(agent),
        )
    )  # fmt: skip
    session.flush()
    return token


def find(token: str) -> Visit | None:
    """The living session of a token with its user's active roles, in one statement; None if there is none,
    it ended, or the user was disabled."""
    moment, today = clock.real_now(), clock.today()
    rows = session.execute(
        sa.select(UserSession, User, Membership.role, Team, Site.name)
        .join(User, User.id == UserSession.user_id)
        .outerjoin(
            Membership,
            sa.and_(
                Membership.user_id == User.id,
                Membership.valid_from <= today,
                sa.or_(Membership.valid_to.is_(None), Membership.valid_to > today),
            ),
        )
        .outerjoin(Team, sa.and_(Team.id == Membership.team_id, Team.active))
        .outerjoin(Site, Site.id == Team.site_id)
        .where(
            UserSession.token_hash == hashed(token),
            UserSession.revoked_at.is_(None),
            UserSession.expires_at > moment,
            UserSession.last_seen_at > moment - settings().session_idle,
            User.active,
        )
        .order_by(Membership.valid_from, Team.sort_key, Membership.role)
        .execution_options(populate_existing=True)
    ).all()
    if not rows:
        return None
    held = [(role, team, site_name) for _, _, role, team, site_name in rows if team is not None]
    found, user = rows[0][0], rows[0][1]
    return Visit(
        session_id=found.id, user_id=user.id, email=user.email, name=user.name, language=user.language,
        stage=found.stage, locked=found.locked_at is not None, last_seen_at=found.last_seen_at,
        grants=tuple(access.Grant(r, t.id, t.code, t.type, t.country, t.site_id) for r, t, _ in held),
        places=tuple(site_name or t.name for _, t, site_name in held),
    )  # fmt: skip


def _change(*where: sa.ColumnElement[bool], **values: object) -> int:
    changed = session.execute(
        sa.update(UserSession)
        .where(UserSession.revoked_at.is_(None), *where)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return int(changed.rowcount)  # type: ignore[attr-defined]


def touch(visit: Visit) -> None:
    """Note that the browser was seen, at most once a minute."""
    moment = clock.real_now()
    if moment - visit.last_seen_at >= TOUCH_EVERY:
        _change(UserSession.id == visit.session_id, last_seen_at=moment)


def lock(session_id: UUID) -> None:
    """Hide the screen: nothing is shown until the password is given."""
    _change(UserSession.id == session_id, UserSession.locked_at.is_(None), locked_at=clock.real_now())


def unlock(session_id: UUID) -> None:
    _change(UserSession.id == session_id, locked_at=None, last_seen_at=clock.real_now())


def revoke(session_id: UUID, *, of: UUID | None = None) -> bool:
    """End a session (of that user only, if `of` is given); False if there was none to end."""
    owner = () if of is None else (UserSession.user_id == of,)
    return _change(UserSession.id == session_id, *owner, revoked_at=clock.real_now()) == 1


def revoke_all(user_id: UUID) -> int:
    """End every session of a user: password changed, account disabled, link used."""
    return _change(UserSession.user_id == user_id, revoked_at=clock.real_now())


def sweep() -> int:
    """Delete sessions and one-time links that ended a month ago (role `work`); returns how many."""
    long_ago = clock.real_now() - KEPT_AFTER_END
    gone = 0
    for table in (UserSession, PasswordReset):
        deleted = session.execute(
            sa.delete(table).where(table.expires_at < long_ago).execution_options(synchronize_session=False)
        )
        gone += int(deleted.rowcount)  # type: ignore[attr-defined]
    return gone
