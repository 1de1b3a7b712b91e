"""What is published is what was proposed, and whoever wrote in a draft stays among its writers."""

from __future__ import annotations

from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION released.keep_proposal() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NOT OLD.writers <@ NEW.writers THEN
                RAISE EXCEPTION 'who wrote in a draft stays among its writers'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'definition_writers_grow';
            END IF;
            IF NEW.state = 'PUBLISHED' AND ROW(NEW.entry::text, NEW.code, NEW.country, NEW.valid_from, NEW.reason,
               NEW.author_id, NEW.writers) IS DISTINCT FROM ROW(OLD.entry::text, OLD.code, OLD.country,
               OLD.valid_from, OLD.reason, OLD.author_id, OLD.writers) THEN
                RAISE EXCEPTION 'what is published is what was proposed'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'definition_as_proposed';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute("GRANT EXECUTE ON FUNCTION released.keep_proposal() TO PUBLIC")
    op.execute(
        "CREATE TRIGGER definition_kept BEFORE UPDATE ON released.definition FOR EACH ROW "
        "WHEN (OLD.state <> 'PUBLISHED') EXECUTE FUNCTION released.keep_proposal()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER definition_kept ON released.definition")
    op.execute("DROP FUNCTION released.keep_proposal()")
