"""Verbs of the procedure: the claim, its documents and the duties that come with it."""

from caseapp.procedure.service.claim import (
    become_population,
    close,
    decide,
    intend,
    join,
    leave,
    lodge,
    reopen,
    take,
)

__all__ = ["become_population", "close", "decide", "intend", "join", "leave", "lodge", "reopen", "take"]
