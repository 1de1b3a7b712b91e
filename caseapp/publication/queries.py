"""Questions of the pages: releases through the casework session (role `app`, behind its policy), figures through
role `figures`, which sees approved releases and nothing else."""

from __future__ import annotations

from caseapp.accounts.queries import roles_of, user_of_email
from caseapp.core.access import Grant, Principal


def principal_of_email(email: str) -> Principal | None:
    """Who a command acts as: an active account with the roles that it holds today."""
    user = user_of_email(email)
    if user is None or not user.active:
        return None
    held = [one for one in roles_of([user.id])[user.id] if one.active and one.team.active]
    grants = tuple(
        Grant(
            one.membership.role, one.team.id, one.team.code, one.team.type, one.team.country, one.team.site_id
        )
        for one in held
    )
    return Principal(name=user.email, user_id=user.id, grants=grants, kind="user", language=user.language)
