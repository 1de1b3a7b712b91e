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
    CommitmentPast,
    CommitmentScore,
    CommitmentTarget,
)
from caseapp.commitments.narrative.models import NarrativeQuote, NarrativeVersion

__all__ = [
    "Commitment", "CommitmentCost", "CommitmentEvidence", "CommitmentImport", "CommitmentPast", "CommitmentScore",
    "CommitmentTarget", "CooperationAction", "CooperationActor", "CooperationExchange", "CooperationMeeting",
    "CooperationPlaces", "CooperationPledge", "CooperationTraining", "NarrativeQuote", "NarrativeVersion",
]  # fmt: skip
