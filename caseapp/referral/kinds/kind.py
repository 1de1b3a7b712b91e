"""What a kind of service may say of itself."""

from __future__ import annotations

from dataclasses import dataclass

#: Which placement requirements a receiver reads (list `placement_requirement`): whoever is visited for an hour must be
#: understood and be discreet; whoever cares for a body, teaches or feeds must know what the body cannot do without; only
#: whoever gives a bed reads what the bed and the room must have.
VISIT = frozenset({"INTERPRETER", "SIGN_LANGUAGE", "DISCREET_ARRIVAL", "NO_PUBLIC_LIST"})
CARE = VISIT | {"STEP_FREE", "GUIDE_DOG", "COMPANION", "ALLERGY_LIFE"}
MEAL = VISIT | {"DIET", "ALLERGY_LIFE"}
#: Whoever takes charge of a child: also what keeps the child alive.
CHARGE = CARE | {"DIET", "FRIDGE_FOR_MEDICINE", "POWER_SOCKET"}
BED = CHARGE | {
    "GROUND_FLOOR", "LOWER_BUNK", "ACCESSIBLE_BATH", "COT", "FAMILY_ROOM", "WOMEN_ONLY", "SINGLE_ROOM",
    "STAFF_NEARBY_AT_NIGHT", "QUIET",
}  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """`gives_places`: people sleep there, so nights and places belong to the asking. `timely`: the sender may say by
    when the person must be seen. `outcomes` (list `service_outcome`): what is told back besides the result, and must be
    where the service was delivered; none: the result says it all. `blind`: the receiver reads who they are only once it
    knows that nothing sets them against somebody whose side it has taken (`referral.legal`). `office`: it keeps office
    hours, and is asked in working days. `carries`: the requirements that its receiver reads, and no other."""

    code: str
    gives_places: bool = False
    timely: bool = False
    blind: bool = False
    office: bool = False
    outcomes: tuple[str, ...] = ()
    carries: frozenset[str] = VISIT
