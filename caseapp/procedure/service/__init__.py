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
from caseapp.procedure.service.documents import issue, look_at_documents, renew, valid_until
from caseapp.procedure.service.duties import (
    ask_leave,
    decide_leave,
    interval_at,
    leave_country,
    look_at_signatures,
    move_at_once,
    set_interval,
    sign,
)
from caseapp.procedure.service.home import (
    NewProperty,
    change_measure,
    declare_displacement,
    receive_returned,
    register_property,
)

__all__ = [
    "NewProperty",
    "ask_leave",
    "become_population",
    "change_measure",
    "close",
    "decide",
    "decide_leave",
    "declare_displacement",
    "intend",
    "interval_at",
    "issue",
    "join",
    "leave",
    "leave_country",
    "lodge",
    "look_at_documents",
    "look_at_signatures",
    "move_at_once",
    "receive_returned",
    "register_property",
    "renew",
    "reopen",
    "set_interval",
    "sign",
    "take",
    "valid_until",
]  # fmt: skip
