"""A file is offered to another team and moves when the offer is accepted; what is sealed stays behind."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import wall

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

STATES = ("PREPARED", "OFFERED", "ACCEPTED", "DECLINED", "WITHDRAWN", "LAPSED")
PAIRS = (
    ("PREPARED", "OFFERED"), ("OFFERED", "ACCEPTED"), ("OFFERED", "DECLINED"), ("PREPARED", "WITHDRAWN"),
    ("OFFERED", "WITHDRAWN"), ("OFFERED", "LAPSED"),
)  # fmt: skip
DECLINING = (
    "NO_STAFF", "SERVICE_SUSPENDED", "NO_PLACE_TONIGHT", "NO_TRANSPORT", "TOO_FAR", "TERRITORIAL_LIMIT", "NOT_ELIGIBLE",
    "SEX_OR_AGE_LIMIT", "NO_CHILD_LICENCE", "CARE_BEYOND_US", "NO_LANGUAGE", "INFO_MISSING", "CONSENT_MISSING",
    "DUPLICATE_REFERRAL", "CANNOT_OFFER",
)  # fmt: skip
WITHDRAWING = (
    "PERSON_CHANGED_MIND", "CONSENT_WITHDRAWN", "NEED_ENDED", "BETTER_OPTION_FOUND", "MOVED_AWAY", "SENT_IN_ERROR",
)  # fmt: skip
BASES = ("VITAL_INTEREST", "CHILD_BEST_INTERESTS", "LEGAL_DUTY", "LACKS_CAPACITY")
NEVER_RECEIVES = (
    "MIGRATION_CUSTODY", "CONSULAR", "COMMISSION_STATISTICS", "REGIONAL_SECRETARIAT", "OVERSIGHT",
    "ELIGIBILITY_COMMISSION",
)  # fmt: skip
#: Tables of a file with rows that may have stayed with another team.
APART = (
    "need", "screening", "screening_outcome", "screening_decision", "solution_plan", "solution_step", "consent",
    "case_alert", "plan_goal", "case_task", "case_event",
)  # fmt: skip


def _listed(codes: tuple[str, ...]) -> str:
    return ", ".join(f"'{c}'" for c in codes)


def _known(table: str, column: str, codes: tuple[str, ...]) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} IN ({_listed(codes)})", name=op.f(f"ck_{table}_{column}_known"))


def _check(table: str, name: str, sql: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(sql, name=op.f(f"ck_{table}_{name}"))


def _references(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))
        for column, target in columns.items()
    ]


def _column(
    name: str, kind: type[sa.types.TypeEngine[object]], *, nullable: bool = True
) -> sa.Column[object]:
    return sa.Column(
        name, kind() if kind is not sa.DateTime else sa.DateTime(timezone=True), nullable=nullable
    )


def upgrade() -> None:
    _handover()
    _member()
    _apart()
    _moves()
    _take_over()


def _handover() -> None:
    t = "handover"
    op.create_table(
        t, _column("id", sa.Uuid, nullable=False), _column("case_id", sa.Uuid, nullable=False),
        _column("household_id", sa.Uuid), _column("whole", sa.Boolean, nullable=False),
        _column("from_team_id", sa.Uuid, nullable=False), _column("to_team_id", sa.Uuid, nullable=False),
        sa.Column("from_country", sa.CHAR(length=3), nullable=False), sa.Column("to_country", sa.CHAR(length=3), nullable=False),
        _column("kind", sa.Text, nullable=False), _column("state", sa.Text, nullable=False),
        _column("arrives_on", sa.Date, nullable=False), _column("prepared_at", sa.DateTime, nullable=False),
        _column("prepared_by_id", sa.Uuid, nullable=False), _column("offered_at", sa.DateTime),
        _column("lapse_at", sa.DateTime), _column("answered_at", sa.DateTime), _column("answered_by_id", sa.Uuid),
        _column("decline_reason", sa.Text), _column("withdraw_reason", sa.Text), _column("sealed_holder_id", sa.Uuid),
        _column("words_sealed", sa.LargeBinary),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        _known(t, "state", STATES), _known(t, "kind", ("TEAM", "CENTRE", "COUNTRY")),
        _known(t, "decline_reason", DECLINING), _known(t, "withdraw_reason", WITHDRAWING),
        _check(t, "not_to_itself", "from_team_id <> to_team_id"),
        _check(t, "kind_is_countries", "(kind = 'COUNTRY') = (from_country <> to_country)"),
        _check(t, "offered_has_time", "state = 'PREPARED' OR state = 'WITHDRAWN' OR offered_at IS NOT NULL"),
        _check(t, "answered_has_time", "(state IN ('ACCEPTED', 'DECLINED')) = (answered_at IS NOT NULL)"),
        _check(t, "declined_has_reason", "(state = 'DECLINED') = (decline_reason IS NOT NULL)"),
        _check(t, "withdrawn_has_reason", "(state = 'WITHDRAWN') = (withdraw_reason IS NOT NULL)"),
        *_references(t, case_id="case", household_id="household", from_team_id="team", to_team_id="team",
                     prepared_by_id="user_account", answered_by_id="user_account", sealed_holder_id="user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{t}")),
    )  # fmt: skip
    for column in ("case_id", "household_id", "prepared_by_id", "answered_by_id", "sealed_holder_id"):
        op.create_index(op.f(f"ix_{t}_{column}"), t, [column], unique=False)
    op.create_index("ix_handover_inbox", t, ["to_team_id", "state"], unique=False)
    op.create_index("ix_handover_outbox", t, ["from_team_id", "state"], unique=False)
    op.create_index(
        "ix_handover_lapse", t, ["lapse_at"], unique=False, postgresql_where=sa.text("state = 'OFFERED'")
    )
    wall.behind_policy(
        t,
        read=f"from_team_id = ANY ({wall.TEAMS}) OR (to_team_id = ANY ({wall.TEAMS}) AND offered_at IS NOT NULL)",
    )
    wall.grant(t, app="SIU", work="SIU")


def _member() -> None:
    t = "handover_member"
    op.create_table(
        t, _column("id", sa.Uuid, nullable=False), _column("handover_id", sa.Uuid, nullable=False),
        _column("case_id", sa.Uuid, nullable=False), _column("position", sa.Integer, nullable=False),
        _column("consent_id", sa.Uuid), _column("basis", sa.Text), _column("basis_reason_sealed", sa.LargeBinary),
        _column("sex", sa.Text, nullable=False), _column("age_band", sa.Text, nullable=False),
        sa.Column("languages", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("requirements", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        _column("arrived_on", sa.Date), _column("no_show_on", sa.Date),
        _known(t, "basis", BASES),
        _check(t, "basis_has_reason", "basis IS NULL OR basis_reason_sealed IS NOT NULL"),
        _check(t, "consent_or_basis", "basis IS NULL OR consent_id IS NULL"),
        *_references(t, handover_id="handover", case_id="case", consent_id="consent"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{t}")),
        sa.UniqueConstraint("handover_id", "case_id", name=op.f(f"uq_{t}_handover_id_case_id")),
    )  # fmt: skip
    op.create_index(op.f(f"ix_{t}_case_id"), t, ["case_id"], unique=False)
    op.create_index(op.f(f"ix_{t}_consent_id"), t, ["consent_id"], unique=False)
    wall.behind_policy(t, read="EXISTS (SELECT FROM handover h WHERE h.id = handover_id)")
    wall.grant(t, app="SIU", work="SIU")


def _apart() -> None:
    """Ids only, which everybody may compare with; only the definer writes them."""
    t = "held_apart"
    op.create_table(
        t, _column("row_id", sa.Uuid, nullable=False), _column("case_id", sa.Uuid, nullable=False),
        _column("team_id", sa.Uuid, nullable=False), _column("since", sa.DateTime, nullable=False),
        *_references(t, case_id="case", team_id="team"),
        sa.PrimaryKeyConstraint("row_id", name=op.f(f"pk_{t}")),
    )  # fmt: skip
    op.create_index(op.f(f"ix_{t}_case_id"), t, ["case_id"], unique=False)
    op.create_index(op.f(f"ix_{t}_team_id"), t, ["team_id"], unique=False)
    wall.behind_policy(t, read="true", write="false")
    wall.grant(t, app="S", work="S")
    elsewhere = f"id NOT IN (SELECT h.row_id FROM held_apart h WHERE h.team_id <> ALL ({wall.TEAMS}))"
    for table in APART:
        op.execute(
            f"CREATE POLICY {table}_apart ON {table} AS RESTRICTIVE FOR SELECT TO acogida_app USING ({elsewhere})"
        )


def _moves() -> None:
    pairs = ", ".join(f"('{a}', '{b}')" for a, b in PAIRS)
    op.execute(
        f"""
        CREATE FUNCTION handover_moves() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF (OLD.state, NEW.state) NOT IN ({pairs}) THEN
            RAISE EXCEPTION 'a hand-over does not go from % to %', OLD.state, NEW.state
              USING ERRCODE = 'check_violation', CONSTRAINT = 'handover_transition';
          END IF;
          RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER handover_transition BEFORE UPDATE ON handover FOR EACH ROW "
        "WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION handover_moves()"
    )
    op.execute("GRANT SELECT ON team, person_nationality, reference_code TO acogida_definer")
    op.execute("GRANT SELECT, UPDATE (version) ON handover TO acogida_definer")  # to lock it
    op.execute("GRANT SELECT ON handover_member TO acogida_definer")
    wall.definer_function(
        "refuse_handover() RETURNS trigger LANGUAGE plpgsql",
        f"""
        BEGIN
          IF EXISTS (SELECT FROM public.handover h JOIN public.team t ON t.id = h.to_team_id
                     WHERE h.id = NEW.handover_id AND t.type IN ({_listed(NEVER_RECEIVES)})) THEN
            RAISE EXCEPTION 'this team takes no file'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'handover_to_receiver';
          END IF;
          IF EXISTS (SELECT FROM public.handover h JOIN public.person_nationality n ON n.country = h.to_country
                     WHERE h.id = NEW.handover_id AND h.kind = 'COUNTRY' AND n.case_id = NEW.case_id) THEN
            RAISE EXCEPTION 'never to the country of nationality'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'handover_not_to_nationality';
          END IF;
          IF EXISTS (SELECT FROM public.handover_member m JOIN public.handover h ON h.id = m.handover_id
                     WHERE m.case_id = NEW.case_id AND m.handover_id <> NEW.handover_id
                     AND h.state IN ('PREPARED', 'OFFERED')) THEN
            RAISE EXCEPTION 'another offer is open'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'handover_one_at_a_time';
          END IF;
          RETURN NULL;
        END
        """,
        to="acogida_app, acogida_work",
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER refuse_handover AFTER INSERT ON handover_member DEFERRABLE INITIALLY IMMEDIATE "
        "FOR EACH ROW EXECUTE FUNCTION refuse_handover()"
    )


def _take_over() -> None:
    """An update that gives a case away fails under its own policy, and a receiver sees none of it before: the move is
    done here, for a hand-over that somebody of the receiving team has just accepted."""
    op.execute(
        'GRANT SELECT, UPDATE (team_id, site_id, country, assigned_to_id, version) ON "case" TO acogida_definer'
    )
    op.execute("GRANT SELECT, UPDATE (team_id, country, version) ON household TO acogida_definer")
    op.execute("GRANT SELECT, UPDATE (left_on, is_head) ON household_member TO acogida_definer")
    op.execute("GRANT SELECT, INSERT ON case_access TO acogida_definer")
    op.execute("GRANT SELECT, UPDATE (team_id, holder_id) ON deadline TO acogida_definer")
    op.execute("GRANT SELECT, UPDATE (assigned_to_id, version) ON case_task TO acogida_definer")
    op.execute(
        "GRANT SELECT, UPDATE (state, decided_at, version) ON approval, closure_request TO acogida_definer"
    )
    op.execute("GRANT SELECT, INSERT ON held_apart TO acogida_definer")
    op.execute(
        "GRANT SELECT ON need, screening, screening_outcome, screening_decision, solution_plan, solution_step, consent, "
        "plan_goal TO acogida_definer"
    )
    wall.definer_function(
        "take_over(p_handover uuid, p_on date, p_at timestamptz) RETURNS SETOF uuid LANGUAGE plpgsql",
        f"""
        DECLARE
          h public.handover%ROWTYPE;
          moved uuid[];
        BEGIN
          SELECT * INTO h FROM public.handover WHERE id = p_handover FOR UPDATE;
          IF h.state IS DISTINCT FROM 'ACCEPTED' OR (h.to_team_id = ANY ({wall.TEAMS})) IS NOT TRUE THEN
            RAISE insufficient_privilege USING MESSAGE = 'not yours to take over';
          END IF;
          SELECT array_agg(c.id ORDER BY m.position) INTO moved
          FROM public.handover_member m JOIN public."case" c ON c.id = m.case_id
          WHERE m.handover_id = h.id AND c.team_id = h.from_team_id AND c.status = 'OPEN' AND c.erased_at IS NULL;
          IF coalesce(cardinality(moved), 0) <> (SELECT count(*) FROM public.handover_member m WHERE m.handover_id = h.id) THEN
            RAISE EXCEPTION 'one of the files is not there any more'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'handover_files_there';
          END IF;
          IF h.sealed_holder_id IS NULL THEN
            PERFORM public.hold_apart(moved, h.from_team_id, p_at);
          END IF;
          IF h.household_id IS NOT NULL AND NOT h.whole THEN
            UPDATE public.household_member SET left_on = greatest(p_on, joined_on), is_head = false
            WHERE household_id = h.household_id AND left_on IS NULL AND case_id = ANY (moved);
            IF NOT EXISTS (SELECT FROM public.household_member x
                           WHERE x.household_id = h.household_id AND x.left_on IS NULL AND x.is_head) THEN
              UPDATE public.household_member SET is_head = true WHERE id = (
                SELECT x.id FROM public.household_member x JOIN public.person p ON p.case_id = x.case_id
                WHERE x.household_id = h.household_id AND x.left_on IS NULL
                ORDER BY p.birth_from NULLS LAST, x.id LIMIT 1);
            END IF;
          END IF;
          UPDATE public."case" c SET team_id = h.to_team_id, country = h.to_country, assigned_to_id = h.sealed_holder_id,
            site_id = coalesce((SELECT t.site_id FROM public.team t WHERE t.id = h.to_team_id), c.site_id),
            version = c.version + 1
          WHERE c.id = ANY (moved);
          IF h.whole THEN
            UPDATE public.household SET team_id = h.to_team_id, country = h.to_country, version = version + 1
            WHERE id = h.household_id;
          END IF;
          UPDATE public.referral r SET from_team_id = h.to_team_id, version = r.version + 1
          WHERE r.case_id = ANY (moved) AND r.from_team_id = h.from_team_id AND r.ended_at IS NULL
            AND r.to_team_id <> h.to_team_id;
          UPDATE public.deadline SET team_id = h.to_team_id, holder_id = NULL
          WHERE case_id = ANY (moved) AND state IN ('RUNNING', 'PAUSED', 'LATE') AND team_id = h.from_team_id;
          UPDATE public.case_task SET assigned_to_id = NULL, version = version + 1
          WHERE case_id = ANY (moved) AND done_on IS NULL AND assigned_to_id IS NOT NULL;
          UPDATE public.approval SET state = 'WITHDRAWN', decided_at = p_at, version = version + 1
          WHERE case_id = ANY (moved) AND state = 'ASKED';
          UPDATE public.closure_request SET state = 'WITHDRAWN', decided_at = p_at, version = version + 1
          WHERE case_id = ANY (moved) AND state = 'ASKED';
          UPDATE public.case_access SET ended_at = p_at
          WHERE case_id = ANY (moved) AND team_id = h.to_team_id AND ended_at IS NULL;
          INSERT INTO public.case_access (id, case_id, team_id, scope, subject_id, since)
          SELECT gen_random_uuid(), x, h.from_team_id, 'SHARE', h.id, p_at FROM unnest(moved) AS x;
          RETURN QUERY SELECT unnest(moved);
        END
        """,
        to="acogida_app, acogida_work",
    )
    # Called by take_over alone.
    wall.definer_function(
        "hold_apart(p_cases uuid[], p_team uuid, p_at timestamptz) RETURNS void LANGUAGE sql",
        """
        WITH s AS (SELECT list_name, code FROM public.reference_code WHERE 'S' = ANY (flags)),
        sn AS (SELECT n.id, n.case_id, n.screening_id FROM public.need n
               JOIN s ON s.list_name = 'need_code' AND s.code = n.code WHERE n.case_id = ANY (p_cases)),
        so AS (SELECT o.id, o.case_id, o.screening_id FROM public.screening_outcome o
               JOIN s ON s.list_name = 'screening_outcome' AND s.code = o.outcome WHERE o.case_id = ANY (p_cases)),
        talk AS (SELECT screening_id FROM sn WHERE screening_id IS NOT NULL UNION SELECT screening_id FROM so),
        plans AS (SELECT p.id, p.case_id FROM public.solution_plan p
                  JOIN s ON s.list_name = 'solution_pathway' AND s.code = p.pathway WHERE p.case_id = ANY (p_cases)),
        found AS (
          SELECT id, case_id FROM sn
          UNION SELECT id, case_id FROM so
          UNION SELECT x.id, x.case_id FROM public.screening x WHERE x.id IN (SELECT screening_id FROM talk)
          UNION SELECT x.id, x.case_id FROM public.screening_outcome x WHERE x.screening_id IN (SELECT screening_id FROM talk)
          UNION SELECT x.id, x.case_id FROM public.screening_decision x WHERE x.screening_id IN (SELECT screening_id FROM talk)
          UNION SELECT id, case_id FROM plans
          UNION SELECT x.id, x.case_id FROM public.solution_step x WHERE x.plan_id IN (SELECT id FROM plans)
          UNION SELECT x.id, x.case_id FROM public.consent x JOIN s ON s.list_name = 'consent_purpose' AND s.code = x.purpose
                WHERE x.case_id = ANY (p_cases)
          UNION SELECT x.id, x.case_id FROM public.case_alert x JOIN s ON s.list_name = 'alert' AND s.code = x.code
                WHERE x.case_id = ANY (p_cases)
          UNION SELECT x.id, x.case_id FROM public.plan_goal x WHERE x.sealed AND x.case_id = ANY (p_cases)
          UNION SELECT x.id, x.case_id FROM public.case_task x WHERE x.sealed AND x.case_id = ANY (p_cases)
          UNION SELECT e.id, e.case_id FROM public.case_event e WHERE e.case_id = ANY (p_cases) AND (
            e.kind IN ('incident.recorded', 'pta.identified', 'pta.transferred', 'pta.departed')
            OR EXISTS (SELECT FROM s WHERE (s.list_name = 'need_code' AND e.kind LIKE 'need.%' AND s.code = e.code)
              OR (s.list_name = 'screening_outcome' AND e.kind LIKE 'screening.%' AND s.code = e.outcome)
              OR (s.list_name = 'solution_pathway' AND (e.kind LIKE 'solution.%' OR e.kind = 'departure.confirmed') AND s.code = e.code)
              OR (s.list_name = 'consent_purpose' AND e.kind LIKE 'consent.%' AND s.code = e.code)
              OR (s.list_name = 'alert' AND e.kind LIKE 'alert.%' AND s.code = e.code)))
        )
        INSERT INTO public.held_apart (row_id, case_id, team_id, since)
        SELECT id, case_id, p_team, p_at FROM found ON CONFLICT DO NOTHING
        """,
        to="",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION hold_apart(uuid[], uuid, timestamptz)")
    op.execute("DROP FUNCTION take_over(uuid, date, timestamptz)")
    op.execute("DROP TRIGGER refuse_handover ON handover_member")
    op.execute("DROP FUNCTION refuse_handover()")
    for table in APART:
        op.execute(f"DROP POLICY {table}_apart ON {table}")
    op.drop_table("held_apart")
    op.drop_table("handover_member")
    op.drop_table("handover")
    op.execute("DROP FUNCTION handover_moves()")
