"""What of each person goes to the receiver: the chosen items, of the requirements those that its kind of service
carries (`kinds`), and nothing else. The preview of a draft and the
moment of sending ask the same function; what is sent is frozen with the referral and sealed with the person's key.
Needs, and with them every code of protection, are no item and never travel."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from caseapp.people import queries as people
from caseapp.people.models import Contact, IdentityDocument
from caseapp.referral import kinds
from caseapp.referral.models import Referral, ReferralMember


@dataclass(frozen=True)
class AsSent:
    """A person of a referral as they would be sent now: codes, and texts of lines with fields between bars."""

    case_id: UUID
    requirements: list[str]
    life_critical: str
    contact: str
    documents: str
    outcome: str = "WAITING"


def as_sent(kind: str, items: Collection[str], members: Sequence[ReferralMember]) -> list[AsSent]:
    """The members of a referral with the chosen items as they are now (two statements for each of contact and
    documents where these were chosen, one for requirements)."""
    needed = people.requirements_of([m.case_id for m in members]) if "REQUIREMENTS" in items else []
    carries, found = kinds.of(kind).carries, []
    for member in members:
        own = [r for r in needed if r.case_id == member.case_id and r.requirement in carries]
        own.sort(key=lambda r: r.requirement)
        contacts = people.contacts_of(member.case_id) if "CONTACT" in items else []
        documents = people.documents_of(member.case_id) if "DOCUMENTS" in items else []
        found.append(
            AsSent(
                member.case_id, [r.requirement for r in own],
                "\n".join(f"{r.requirement}|{r.detail or ''}" for r in own if r.life_critical),
                "\n".join(_contact(c) for c in contacts), "\n".join(_document(d) for d in documents),
            )
        )  # fmt: skip
    return found


def freeze(found: Referral) -> None:
    """Write what is sent into the members of a referral."""
    for member, sent in zip(found.members, as_sent(found.kind, found.items, found.members), strict=True):
        member.requirements, member.life_critical = sent.requirements, sent.life_critical
        member.contact, member.documents = sent.contact, sent.documents


def _contact(row: Contact) -> str:
    """The rule comes first: a number that may only be reached through somebody is not given at all."""
    number = "" if row.rule == "ONLY_VIA" else row.number
    return "|".join(_plain(part) for part in (row.rule, number, row.via, row.hours, row.language))


def _document(row: IdentityDocument) -> str:
    """Which document, by which country, until when; never its number."""
    until = row.valid_to.isoformat() if row.valid_to else ""
    return "|".join(_plain(part) for part in (row.document_type, row.issued_by, until))


def _plain(text: str | None) -> str:
    return " ".join((text or "").replace("|", "/").split())
