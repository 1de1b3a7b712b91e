"""The shelter's verbs: they change rows, append the event and leave messages; they flush, never commit."""

from caseapp.shelter.queries import max_nights
from caseapp.shelter.service.booking import (
    book,
    cancel,
    extend,
    forget,
    keep_minimum,
    move,
    no_show,
    plan,
    show_again,
)
from caseapp.shelter.service.capacity import (
    add_unit,
    confirm_capacity,
    open_surge,
    put_back,
    take_out,
    word_to_give,
)
from caseapp.shelter.service.holding import (
    book_what_is_held,
    declare_holds,
    hold,
    hold_on_send,
    hold_policy,
    release_holds,
    release_lapsed,
)
from caseapp.shelter.service.keeping import (
    inspect,
    license_children,
    measure,
    review_emergency,
    set_longest,
    take_child_in_emergency,
    take_children_at_the_gate,
)
from caseapp.shelter.service.presence import check_in, depart, review_departure

__all__ = [
    "add_unit",
    "book",
    "book_what_is_held",
    "cancel",
    "check_in",
    "confirm_capacity",
    "declare_holds",
    "depart",
    "extend",
    "forget",
    "hold",
    "hold_on_send",
    "hold_policy",
    "inspect",
    "keep_minimum",
    "license_children",
    "max_nights",
    "measure",
    "move",
    "no_show",
    "open_surge",
    "plan",
    "put_back",
    "release_holds",
    "release_lapsed",
    "review_departure",
    "review_emergency",
    "set_longest",
    "show_again",
    "take_child_in_emergency",
    "take_children_at_the_gate",
    "take_out",
    "word_to_give",
]  # fmt: skip
