"""Decisions about accounts as pure functions: who may hold which role, how long a session lives, when a
series of failures closes an account, which password is good enough, where a sign-in may lead."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

#: Failures in a row that are forgiven; the next ones close the account for 1, 2, 4 … minutes, at most an hour.
FORGIVEN = 4
LONGEST_LOCK = timedelta(hours=1)
#: NIST SP 800-63B-4: length counts, composition rules do not help.
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 128
#: How long somebody may take between password and code.
BETWEEN_STEPS = timedelta(minutes=10)
RESET_LIVES = timedelta(minutes=30)


class NotSignedIn(Refused):
    """One sentence for every failure, so that it says nothing of which accounts exist or are closed."""

    sentence = _l(
        "El correo, la contraseña o el código no coinciden. Revise y pruebe otra vez; después de varios "
        "intentos, espere unos minutos."
    )
    status = 401


class WithoutRole(Refused):
    sentence = _l("Su cuenta no tiene ninguna función vigente. Pida una a quien administra las cuentas.")
    status = 403


class CodeWrong(Refused):
    sentence = _l("El código no coincide o ya se usó. Espere el siguiente y escríbalo.")
    field = "code"


class PasswordWrong(Refused):
    sentence = _l("La contraseña actual no coincide. Escríbala de nuevo.")
    field = "current"


class PasswordWeak(Refused):
    field = "password"


class StewardAndApprover(Refused):
    """Separation of duties (VOCABULARY A6): who prepares a release never approves one."""

    sentence = _l(
        "Quien custodia los datos no puede aprobar publicaciones, ni al revés. Termine primero la otra función."
    )
    field = "role"


class AdministratorAlone(Refused):
    """Separation of duties (VOCABULARY A6): an administrator sees no case."""

    sentence = _l(
        "Quien administra cuentas no tiene otra función, para que no pueda abrir expedientes. Use otra cuenta o "
        "termine primero la otra función."
    )
    field = "role"


class LiaisonAlone(Refused):
    """Those who keep people in custody see names and days of exit, and nothing of their files (VOCABULARY A6)."""

    sentence = _l(
        "El enlace en una estación migratoria no tiene otra función, para que no vea expedientes. Use otra cuenta o "
        "termine primero la otra función."
    )
    field = "role"


class RoleNotOfTeam(Refused):
    """Whoever asks for or approves payments is of a team that owns no file, and so reads no need and no claim
    (VOCABULARY A6)."""

    sentence = _l("Esta función se da solo en un equipo que provee efectivo.")
    field = "role"


class RoleHeldAlready(Refused):
    sentence = _l("La persona ya tiene esta función en este equipo.")
    field = "role"


class OwnAccount(Refused):
    sentence = _l("No puede cambiar su propia cuenta. Pídalo a otra persona que administre.")


class EmailTaken(Refused):
    sentence = _l("Ya hay una cuenta con este correo.")
    field = "email"


class LinkSpent(Refused):
    sentence = _l("Este enlace ya se usó o venció. Pida uno nuevo a quien administra las cuentas.")
    status = 404


#: Roles that are held in teams of one type only.
ONLY_IN = {"ASSISTANCE_OFFICER": "CASH_PROVIDER", "PAYMENTS_APPROVER": "CASH_PROVIDER"}


@dataclass(frozen=True)
class Held:
    """A role from a day to the day before `until` (None: open)."""

    role: str
    since: date
    until: date | None = None

    def meets(self, other: Held) -> bool:
        """The two periods share a day."""
        starts = max(self.since, other.since)
        ends = [e for e in (self.until, other.until) if e is not None]
        return starts < min(ends) if ends else True


def may_be_held_in(role: str, team_type: str) -> None:
    """Raise RoleNotOfTeam where a team of this type does not have this role."""
    if ONLY_IN.get(role, team_type) != team_type:
        raise RoleNotOfTeam


def may_hold(wanted: Held, held: Iterable[Held]) -> None:
    """Raise the reason if somebody who holds `held` may not hold `wanted` beside it."""
    for other in held:
        if not wanted.meets(other) or wanted.role == other.role:
            continue
        if "ADMINISTRATOR" in (wanted.role, other.role):
            raise AdministratorAlone
        if "CUSTODY_LIAISON" in (wanted.role, other.role):
            raise LiaisonAlone
        if {wanted.role, other.role} == {"DATA_STEWARD", "RELEASE_APPROVER"}:
            raise StewardAndApprover


def locked_until(failures: int, now: datetime) -> datetime | None:
    """Until when the account is closed after so many failures in a row; None while they are forgiven."""
    if failures <= FORGIVEN:
        return None
    doublings = min(failures - FORGIVEN - 1, 16)
    return now + min(timedelta(minutes=2**doublings), LONGEST_LOCK)


def must_be_good(password: str, email: str) -> None:
    """Raise `PasswordWeak` with what to do."""
    if len(password) < SHORTEST_PASSWORD:
        raise PasswordWeak(_l("Escriba al menos 12 caracteres; varias palabras seguidas sirven."))
    if len(password) > LONGEST_PASSWORD:
        raise PasswordWeak(_l("Escriba como máximo 128 caracteres."))
    if len(set(password)) < 5:
        raise PasswordWeak(_l("Use más letras distintas; varias palabras seguidas sirven."))
    if any(len(part) >= 4 and part in password.lower() for part in re.split(r"[^a-z0-9]+", email.lower())):
        raise PasswordWeak(_l("No use partes de su correo en la contraseña."))


def local_path(wanted: str | None, otherwise: str = "/today") -> str:
    """A path on this site to go to after sign-in; anything else becomes `otherwise` (no open redirect)."""
    if not wanted or not wanted.startswith("/") or wanted.startswith("//") or "\\" in wanted:
        return otherwise
    if any(ord(c) < 33 or ord(c) == 127 for c in wanted):
        return otherwise
    parts = urlsplit(wanted)
    return otherwise if parts.scheme or parts.netloc else wanted


#: What an act of the audit is, for whoever reads it: the words of each group stand with its page.
ACT_KINDS: dict[str, tuple[str, ...]] = {
    "LOOKS": ("viewed", "audited"),
    "EXCEPTIONAL": ("glass_broken", "glass_refused", "glass_reviewed"),
    "APPROVALS": ("approved", "approve", "decided", "proposed", "cancelled", "rejected", "returned"),
    "EXPORTS": ("exported", "printed"),
    "ERASURES": ("erased", "held", "hold_ended"),
    "ACCOUNTS": (
        "user_added", "user_disabled", "user_enabled", "role_given", "role_ended", "reset_made", "password_changed",
        "password_reset", "second_factor_set",
    ),
    "SIGN_IN": ("signed_in", "signed_out", "sign_in_failed"),
}  # fmt: skip


def act_kind(act: str) -> str:
    """The group of an act; OTHER where it is in none."""
    return next((kind for kind, acts in ACT_KINDS.items() if act in acts), "OTHER")
