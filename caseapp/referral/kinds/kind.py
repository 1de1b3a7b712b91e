"""What a kind of service may say of itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """`gives_places`: people sleep there, so nights and places belong to the asking. `timely`: the sender may say by
    when the person must be seen. `outcomes` (list `service_outcome`): what is told back besides the result, and must be
    where the service was delivered; none: the result says it all. `blind`: the receiver reads who they are only once it
    knows that nothing sets them against somebody whose side it has taken (`referral.legal`). `office`: it keeps office hours, and is asked in working days."""

    code: str
    gives_places: bool = False
    timely: bool = False
    blind: bool = False
    office: bool = False
    outcomes: tuple[str, ...] = ()
