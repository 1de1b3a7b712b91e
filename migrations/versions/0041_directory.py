"""The service directory: what a service offers, to whom, when and how it is reached; a safe house's address apart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

METHODS = "'SYSTEM', 'ONE_TIME_PAGE', 'PHONE', 'EMAIL', 'PAPER', 'OTHER_SYSTEM', 'WALK_IN', 'NOT_ACCEPTED'"
SERVICE_CHECKS = {
    "referral_method_known": f"referral_method IN ({METHODS})",
    "cost_known": "cost IN ('FREE', 'VOLUNTARY', 'PART', 'PAID')",
    "age_from_of_life": "age_from BETWEEN 0 AND 120",
    "age_to_of_life": "age_to BETWEEN 0 AND 120",
    "ages_in_order": "age_from <= age_to",
    "answer_hours_sane": "answer_hours BETWEEN 1 AND 8760",
    "offered_in_order": "offered_from <= offered_to",
    "source_whole": "num_nonnulls(source, source_key) <> 1",
}
#: Name, type and whether it may be missing, of what a service gains.
COLUMNS: tuple[tuple[str, sa.types.TypeEngine, bool], ...] = (
    ("description", sa.Text(), True), ("age_from", sa.Integer(), True), ("age_to", sa.Integer(), True),
    ("eligibility_note", sa.Text(), True), ("answer_hours", sa.Integer(), True), ("cost", sa.Text(), True),
    ("cost_note", sa.Text(), True), ("offered_from", sa.Date(), True), ("offered_to", sa.Date(), True),
    ("source", sa.Text(), True), ("source_key", sa.Text(), True),
)  # fmt: skip
TERMS = "'SEX', 'POPULATION', 'HOUSEHOLD', 'AREA', 'DOCUMENT', 'ACCESSIBILITY'"
CLOSURES = "'SEASON', 'HOLIDAY', 'WORKS', 'STAFF', 'FULL', 'OTHER'"
UNITS = "'PLACE', 'APPOINTMENT', 'PERSON', 'FAMILY', 'KIT'"
CONTACTS = "'PERSON', 'DUTY', 'NEXT_DUTY'"
#: One's own teams at the site, or a team to which they gave the right until a day.
AT_SITE = (
    "EXISTS (SELECT FROM team t WHERE t.site_id = {site} "
    f"AND (t.id = ANY ({wall.TEAMS}) OR t.id = ANY ({wall.SITE_TEAMS})))"
)
TOLD = (
    "EXISTS (SELECT FROM safe_house_access a WHERE a.site_id = safe_house.site_id AND a.ended_at IS NULL "
    f"AND a.valid_to > current_date AND a.team_id = ANY ({wall.TEAMS}))"
)


def _table(name: str, *parts: sa.schema.SchemaItem, keys: dict[str, str], single: bool = True) -> None:
    """A table with its foreign keys, each indexed unless it begins a key; `single`: with an id of its own."""
    own = [sa.Column("id", sa.Uuid(), nullable=False), sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}"))]
    foreign = [
        sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{name}_{column}"))
        for column, target in keys.items()
    ]
    op.create_table(name, *(own if single else []), *parts, *foreign)


def _check(table: str, name: str, says: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(says, name=op.f(f"ck_{table}_{name}"))


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _uuid(name: str, *, nullable: bool = False) -> sa.Column[sa.Uuid]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[sa.DateTime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{columns[0]}"), table, list(columns), unique=False)


def upgrade() -> None:
    _organisations()
    _services()
    _terms_and_hours()
    _reached()
    _safe_houses()
    _changes()
    _functions()
    _policies()


def _organisations() -> None:
    op.add_column("organisation", _text("description", nullable=True))
    op.add_column("organisation", _text("website", nullable=True))
    op.create_unique_constraint(op.f("uq_organisation_id_country"), "organisation", ["id", "country"])
    op.create_table(
        "organisation_name",
        sa.Column("id", sa.Uuid(), nullable=False),
        _uuid("organisation_id"),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        _text("name"),
        _text("sort_key"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "country"], ["organisation.id", "organisation.country"],
            name=op.f("fk_organisation_name_organisation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_name")),
        sa.UniqueConstraint("country", "sort_key", name=op.f("uq_organisation_name_country")),
    )  # fmt: skip
    _index("organisation_name", "organisation_id", "country")


def _services() -> None:
    # A service without a team of ours is new; every reader joins the team from the service.
    op.execute("-- squawk-ignore ban-drop-not-null\nALTER TABLE service ALTER COLUMN team_id DROP NOT NULL")
    for name, kind, optional in COLUMNS:
        op.add_column("service", sa.Column(name, kind, nullable=optional))
    op.add_column("service", sa.Column("referral_method", sa.Text(), server_default="SYSTEM", nullable=False))
    op.add_column(
        "service", sa.Column("always_open", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("service", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    for name, says in SERVICE_CHECKS.items():
        op.create_check_constraint(op.f(f"ck_service_{name}"), "service", says)
    op.create_unique_constraint(op.f("uq_service_source"), "service", ["source", "source_key"])
    for table in ("service", "organisation"):
        op.execute(f"CREATE INDEX ix_{table}_sort_key_trgm ON {table} USING gin (sort_key gin_trgm_ops)")


def _terms_and_hours() -> None:
    _table(
        "service_term", _uuid("service_id"), _text("kind"), _text("code"),
        _check("service_term", "kind_known", f"kind IN ({TERMS})"),
        sa.PrimaryKeyConstraint("service_id", "kind", "code", name=op.f("pk_service_term")),
        keys={"service_id": "service"}, single=False,
    )  # fmt: skip
    _table(
        "service_hours", _uuid("service_id"), sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("opens", sa.Time(), nullable=False), sa.Column("closes", sa.Time(), nullable=False),
        _check("service_hours", "weekday_of_week", "weekday BETWEEN 1 AND 7"),
        _check("service_hours", "opens_some_time", "opens <> closes"),
        sa.UniqueConstraint("service_id", "weekday", "opens", name=op.f("uq_service_hours_service_id")),
        keys={"service_id": "service"},
    )  # fmt: skip
    _table(
        "service_closure", _uuid("service_id"), sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False), _text("reason"),
        _check("service_closure", "reason_known", f"reason IN ({CLOSURES})"),
        _check("service_closure", "days_in_order", "first_day <= last_day"),
        keys={"service_id": "service"},
    )  # fmt: skip
    _index("service_closure", "service_id")
    op.execute(
        "ALTER TABLE service_closure ADD CONSTRAINT ex_service_closure_once EXCLUDE USING gist "
        "(service_id WITH =, daterange(first_day, last_day, '[]') WITH &&)"
    )
    _table(
        "service_capacity", _uuid("service_id"), _text("unit"),
        sa.Column("available", sa.Integer(), nullable=False), sa.Column("maximum", sa.Integer(), nullable=True),
        _moment("updated_at"),
        _check("service_capacity", "unit_known", f"unit IN ({UNITS})"),
        _check("service_capacity", "available_counts", "available >= 0"),
        _check("service_capacity", "available_within", "available <= maximum"),
        sa.UniqueConstraint("service_id", "unit", name=op.f("uq_service_capacity_service_id")),
        keys={"service_id": "service"},
    )  # fmt: skip


def _reached() -> None:
    _table(
        "service_contact", _uuid("service_id"), _text("kind"), _text("name", nullable=True),
        _text("phone", nullable=True), _text("email", nullable=True),
        _check("service_contact", "kind_known", f"kind IN ({CONTACTS})"),
        _check("service_contact", "reaches_somebody", "num_nonnulls(phone, email) > 0"),
        sa.UniqueConstraint("service_id", "kind", name=op.f("uq_service_contact_service_id")),
        keys={"service_id": "service"},
    )  # fmt: skip
    _table(
        "site_address", _uuid("site_id"), _text("address"), _text("directions", nullable=True),
        _text("phone", nullable=True),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_site_address")),
        keys={"site_id": "site"}, single=False,
    )  # fmt: skip


def _safe_houses() -> None:
    _table(
        "safe_house", _uuid("site_id"), sa.Column("whereabouts_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_safe_house")),
        keys={"site_id": "site"}, single=False,
    )  # fmt: skip
    _table(
        "safe_house_access", _uuid("site_id"), _uuid("team_id"), _uuid("granted_by_id"), _moment("granted_at"),
        sa.Column("valid_to", sa.Date(), nullable=False), _moment("ended_at", nullable=True),
        keys={"site_id": "site", "team_id": "team", "granted_by_id": "user_account"},
    )  # fmt: skip
    for column in ("site_id", "team_id", "granted_by_id"):
        _index("safe_house_access", column)


def _changes() -> None:
    _table(
        "directory_change", _moment("at"), _text("actor"), _uuid("user_id", nullable=True), _uuid("service_id"),
        _text("act"), sa.Column("parts", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        _check("directory_change", "act_known", "act IN ('CREATED', 'CHANGED', 'CONFIRMED', 'CLOSED', 'IMPORTED')"),
        keys={"service_id": "service", "user_id": "user_account"},
    )  # fmt: skip
    _index("directory_change", "service_id", "at")
    _index("directory_change", "user_id")


def _functions() -> None:
    op.execute(
        """
        CREATE FUNCTION keeps_directory(of_site uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
          SELECT EXISTS (
            SELECT FROM public.membership m JOIN public.team t ON t.id = m.team_id
            JOIN public.site s ON s.id = of_site
            WHERE m.user_id = nullif(current_setting('app.user', true), '')::uuid
            AND m.role IN ('ADMINISTRATOR', 'DATA_STEWARD')
            AND (t.site_id = s.id OR (t.site_id IS NULL AND t.country = s.country))
            AND (m.valid_to IS NULL OR m.valid_to > current_date))
        $$
        """
    )
    op.execute(
        f"""
        CREATE FUNCTION keeps_service(of_service uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
          SELECT EXISTS (
            SELECT FROM public.service v WHERE v.id = of_service
            AND (v.team_id = ANY ({wall.TEAMS}) OR v.team_id = ANY ({wall.SITE_TEAMS})
                 OR public.keeps_directory(v.site_id)))
        $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION refuse_open_address() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE hidden boolean;
        BEGIN
          IF TG_TABLE_NAME = 'site_address' THEN
            SELECT s.kind = 'SAFE_HOUSE' INTO hidden FROM public.site s WHERE s.id = NEW.site_id;
          ELSE
            SELECT s.kind = 'SAFE_HOUSE' INTO hidden
            FROM public.service v JOIN public.site s ON s.id = v.site_id WHERE v.id = NEW.service_id;
          END IF;
          IF hidden THEN
            RAISE EXCEPTION 'a safe house has no open address'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_site_address_not_of_safe_house';
          END IF;
          RETURN NEW;
        END $$
        """
    )
    for table in ("site_address", "service_contact"):
        op.execute(
            f"CREATE TRIGGER refuse_open_address BEFORE INSERT OR UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_open_address()"
        )
    op.execute(
        """
        CREATE FUNCTION hide_new_safe_house() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          DELETE FROM public.site_address a WHERE a.site_id = NEW.id;
          DELETE FROM public.service_contact c USING public.service v WHERE v.id = c.service_id AND v.site_id = NEW.id;
          RETURN NEW;
        END $$
        """
    )
    op.execute("ALTER FUNCTION hide_new_safe_house() SECURITY DEFINER")
    op.execute("ALTER FUNCTION hide_new_safe_house() SET search_path = pg_catalog, public, pg_temp")
    op.execute("ALTER FUNCTION hide_new_safe_house() OWNER TO acogida_definer")
    op.execute("REVOKE ALL ON FUNCTION hide_new_safe_house() FROM PUBLIC")
    op.execute("GRANT SELECT, DELETE ON site_address, service_contact TO acogida_definer")
    op.execute("GRANT SELECT ON service TO acogida_definer")
    op.execute(
        "CREATE TRIGGER hide_new_safe_house AFTER UPDATE OF kind ON site FOR EACH ROW "
        "WHEN (NEW.kind = 'SAFE_HOUSE' AND OLD.kind <> 'SAFE_HOUSE') EXECUTE FUNCTION hide_new_safe_house()"
    )
    op.execute(
        """
        CREATE FUNCTION refuse_ambiguous_name() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF EXISTS (SELECT FROM public.organisation o WHERE o.country = NEW.country
                     AND o.sort_key = NEW.sort_key AND o.id <> NEW.organisation_id) THEN
            RAISE EXCEPTION 'another organisation of the country is called so'
              USING ERRCODE = 'unique_violation', CONSTRAINT = 'uq_organisation_name_country';
          END IF;
          RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER refuse_ambiguous_name BEFORE INSERT OR UPDATE ON organisation_name "
        "FOR EACH ROW EXECUTE FUNCTION refuse_ambiguous_name()"
    )


def _policies() -> None:
    signed_in = f"{wall.ACTING_USER} IS NOT NULL"
    keeps = "keeps_service(service_id)"
    for table in ("service_term", "service_hours", "service_closure", "service_capacity"):
        wall.behind_policy(table, read="true", write=keeps)
    wall.behind_policy("service_contact", read=signed_in, write=keeps)
    wall.behind_policy(
        "site_address", read=signed_in, write="keeps_directory(site_id)", add="keeps_directory(site_id)"
    )
    own_team = "EXISTS (SELECT FROM site s WHERE s.organisation_id = organisation_name.organisation_id AND keeps_directory(s.id))"
    wall.behind_policy("organisation_name", read="true", write=own_team)
    wall.behind_policy("directory_change", read="true", write="false", add=f"user_id = {wall.ACTING_USER}")
    house = AT_SITE.format(site="safe_house.site_id")
    wall.behind_policy("safe_house", read=f"{house} OR {TOLD}", write=house)
    gate = AT_SITE.format(site="safe_house_access.site_id")
    wall.behind_policy("safe_house_access", read=f"{gate} OR team_id = ANY ({wall.TEAMS})", write=gate)
    for table in ("service_term", "service_hours", "service_closure", "service_capacity", "service_contact",
                  "site_address", "organisation_name"):  # fmt: skip
        wall.grant(table, app="SIUD", work="SIUD")
    wall.grant("directory_change", app="SI", work="SI")
    wall.grant("safe_house", app="SIU")
    wall.grant("safe_house_access", app="SIU")
    for table in ("organisation", "site", "service"):
        wall.grant(table, work="SIU")
    _languages(keeps)


def _languages(keeps: str) -> None:
    """The policies of 0033, in the words of the new function."""
    for name, says in (
        ("add", f"FOR INSERT TO acogida_app WITH CHECK ({keeps})"),
        ("change", f"FOR UPDATE TO acogida_app USING ({keeps}) WITH CHECK ({keeps})"),
        ("remove", f"FOR DELETE TO acogida_app USING ({keeps})"),
    ):
        op.execute(f"DROP POLICY service_language_{name} ON service_language")
        op.execute(f"CREATE POLICY service_language_{name} ON service_language {says}")


def downgrade() -> None:
    for name in ("add", "change", "remove"):
        op.execute(f"DROP POLICY service_language_{name} ON service_language")
    op.execute(
        "CREATE POLICY service_language_add ON service_language FOR INSERT TO acogida_app WITH CHECK (false)"
    )
    op.execute(
        "CREATE POLICY service_language_change ON service_language FOR UPDATE TO acogida_app USING (false)"
    )
    op.execute(
        "CREATE POLICY service_language_remove ON service_language FOR DELETE TO acogida_app USING (false)"
    )
    for table in (
        "directory_change", "safe_house", "safe_house_access", "site_address", "service_contact", "service_capacity",
        "service_closure", "service_hours", "service_term", "organisation_name",
    ):  # fmt: skip
        op.drop_table(table)
    op.execute("DROP TRIGGER hide_new_safe_house ON site")
    for function in ("keeps_service(uuid)", "keeps_directory(uuid)", "refuse_open_address()", "hide_new_safe_house()",
                     "refuse_ambiguous_name()"):  # fmt: skip
        op.execute(f"DROP FUNCTION {function}")
    for table in ("service", "organisation"):
        op.execute(f"DROP INDEX ix_{table}_sort_key_trgm")
    op.drop_constraint(op.f("uq_service_source"), "service")
    for name in SERVICE_CHECKS:
        op.drop_constraint(op.f(f"ck_service_{name}"), "service")
    for name in ("version", "always_open", "referral_method", *(c[0] for c in COLUMNS)):
        op.drop_column("service", name)
    op.execute("DELETE FROM service WHERE team_id IS NULL")
    op.alter_column("service", "team_id", existing_type=sa.Uuid(), nullable=False)
    op.drop_constraint(op.f("uq_organisation_id_country"), "organisation")
    for name in ("website", "description"):
        op.drop_column("organisation", name)
