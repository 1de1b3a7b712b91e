"""Finding an encrypted person again: phonetic keys, keyed tokens, typed queries, ranking.

Pure functions over plain values: no database and no web. `stored_tokens` is written with a person,
`parse_query` and `query_tokens` ask, `rank` orders what was found, `possible_duplicate` flags pairs.
"""

from caseapp.people.search.names import BirthKnowledge, Document, PersonNames, Sought
from caseapp.people.search.query import parse_query
from caseapp.people.search.ranking import Candidate, Scored, compare, found_enough, possible_duplicate, rank
from caseapp.people.search.reasons import Reason
from caseapp.people.search.tokens import (
    TOKEN_VERSION,
    Kind,
    Stage,
    StageName,
    StoredToken,
    query_tokens,
    stored_tokens,
    too_general,
)

__all__ = [
    "TOKEN_VERSION", "BirthKnowledge", "Candidate", "Document", "Kind", "PersonNames", "Reason", "Scored",
    "Sought", "Stage", "StageName", "StoredToken", "compare", "found_enough", "parse_query", "possible_duplicate",
    "query_tokens", "rank", "stored_tokens", "too_general",
]  # fmt: skip
