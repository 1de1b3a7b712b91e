"""Tables of the commitments: the register and cooperation."""

from caseapp.commitments.models.cooperation import (
    CooperationAction,
    CooperationActor,
    CooperationExchange,
    CooperationMeeting,
    CooperationPlaces,
    CooperationPledge,
    CooperationTraining,
)
from caseapp.commitments.models.register import (
    Commitment,
    CommitmentCost,
    CommitmentEvidence,
    CommitmentImport,
    CommitmentScore,
    CommitmentTarget,
)

__all__ = [
    "Commitment", "CommitmentCost", "CommitmentEvidence", "CommitmentImport", "CommitmentScore", "CommitmentTarget",
    "CooperationAction", "CooperationActor", "CooperationExchange", "CooperationMeeting", "CooperationPlaces",
    "CooperationPledge", "CooperationTraining",
]  # fmt: skip
