"""What is eaten or carried away: whoever cooks must know what somebody cannot eat."""

from caseapp.referral.kinds.kind import MEAL, Kind

KINDS = (Kind("FOOD", carries=MEAL),)
