"""Person, household, case, need, identity documents, consent, contact and duplicates: the shared nouns."""
