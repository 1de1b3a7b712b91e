"""What the roles may do at a shelter. The gate at night sees tonight's list, checks in and out, and nothing
else (VOCABULARY A6)."""

from __future__ import annotations

from caseapp.core.access import permission

TONIGHT = permission("shelter.tonight", "SHELTER_COORDINATOR", "GATE_NIGHT")
CHECK_IN = permission("shelter.check_in", "SHELTER_COORDINATOR", "GATE_NIGHT")
CHECK_OUT = permission("shelter.check_out", "SHELTER_COORDINATOR", "GATE_NIGHT")
WALK_IN = permission("shelter.walk_in", "SHELTER_COORDINATOR", "GATE_NIGHT")
MANAGE = permission("shelter.manage", "SHELTER_COORDINATOR")
#: The shelters of the country together; raw beds, rounded people (decision 0141).
NETWORK = permission("shelter.network", "SHELTER_COORDINATOR")
