"""What migrations say again and again about roles and policies (plain SQL, no models).

`TEAMS` and `SITE_TEAMS` are the acting principal's teams as the application told them for this
transaction; NULL (nobody) makes every comparison false.
"""

from __future__ import annotations

from alembic import op

TEAMS = "((SELECT nullif(current_setting('app.teams', true), ''))::uuid[])"
SITE_TEAMS = "((SELECT nullif(current_setting('app.site_teams', true), ''))::uuid[])"
COUNT_TEAMS = "((SELECT nullif(current_setting('app.count_teams', true), ''))::uuid[])"
OVERSEEN = "((SELECT nullif(current_setting('app.overseen', true), ''))::text[])"
ACTING_USER = "(SELECT nullif(current_setting('app.user', true), '')::uuid)"


def oversees(country_column: str) -> str:
    """The acting principal looks after the auditing or the data protection of this country."""
    return f"({country_column} = ANY ({OVERSEEN}) OR '*' = ANY ({OVERSEEN}))"


def owner_of(case_column: str) -> str:
    """The acting principal's team owns the case in `case_column`."""
    return f'EXISTS (SELECT FROM public."case" c WHERE c.id = {case_column} AND c.team_id = ANY ({TEAMS}))'


def opens(case_column: str) -> str:
    """The acting principal may open the case in `case_column` (as owner or reader)."""
    return f'EXISTS (SELECT FROM public."case" c WHERE c.id = {case_column})'


def grant(table: str, *, app: str = "", work: str = "", facts: str = "", figures: str = "") -> None:
    """Grant by letters: S select, I insert, U update, D delete."""
    verbs = {"S": "SELECT", "I": "INSERT", "U": "UPDATE", "D": "DELETE"}
    for role, letters in (("app", app), ("work", work), ("facts", facts), ("figures", figures)):
        if letters:
            named = ", ".join(verbs[x] for x in letters)
            op.execute(f"GRANT {named} ON {table} TO acogida_{role}")


def behind_policy(table: str, *, read: str, write: str | None = None, add: str | None = None) -> None:
    """Row-level security for role `app`: `read` for SELECT, `write` for UPDATE and DELETE (default: as
    read), `add` for INSERT and for what an UPDATE leaves (default: as write). Role `work` sees all rows:
    its verbs act as a named system principal."""
    write = write or read
    add = add or write
    name = table.replace('"', "").replace(".", "_")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY {name}_read ON {table} FOR SELECT TO acogida_app USING ({read})")
    op.execute(f"CREATE POLICY {name}_add ON {table} FOR INSERT TO acogida_app WITH CHECK ({add})")
    op.execute(
        f"CREATE POLICY {name}_change ON {table} FOR UPDATE TO acogida_app USING ({write}) WITH CHECK ({add})"
    )
    op.execute(f"CREATE POLICY {name}_remove ON {table} FOR DELETE TO acogida_app USING ({write})")
    op.execute(f"CREATE POLICY {name}_work ON {table} FOR ALL TO acogida_work USING (true) WITH CHECK (true)")


def definer_function(signature: str, body: str, *, to: str, replace: bool = False) -> None:
    """A SECURITY DEFINER function owned by `acogida_definer`; `to` lists the roles that may call it. `replace`: it
    stands already with these arguments, and says something new."""
    name_and_arguments = signature.split(" RETURNS ")[0]
    op.execute(
        f"CREATE {'OR REPLACE ' if replace else ''}FUNCTION {signature} SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $body${body}$body$"
    )
    op.execute(f"ALTER FUNCTION {name_and_arguments} OWNER TO acogida_definer")
    op.execute(f"REVOKE ALL ON FUNCTION {name_and_arguments} FROM PUBLIC")
    if to:
        op.execute(f"GRANT EXECUTE ON FUNCTION {name_and_arguments} TO {to}")
