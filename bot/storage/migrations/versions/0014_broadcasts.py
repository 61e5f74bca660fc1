"""Messages to many residents, and who asked for them."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "broadcast",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("locality_id", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("recipients", sa.String(length=40), nullable=False),
        sa.Column("area_id", sa.String(), nullable=True),
        sa.Column("conference_id", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("written_by", sa.Integer(), nullable=False),
        sa.Column("written_at", _MOMENT, nullable=False),
        sa.Column("released_by", sa.Integer(), nullable=True),
        sa.Column("released_at", _MOMENT, nullable=True),
        sa.Column("channels", sa.JSON(), nullable=True),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("cursor", sa.Integer(), nullable=False),
        sa.Column("spread_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["conference_id"], ["conference.id"]),
        sa.ForeignKeyConstraint(["written_by"], ["account.id"]),
        sa.ForeignKeyConstraint(["released_by"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("broadcast_list", "broadcast", ["locality_id", "status"])
    op.add_column("conversation", sa.Column("subscribed_at", _MOMENT, nullable=True))
    # In plain SQL: SQLite would make the table anew, which other tables point to.
    op.execute(
        "ALTER TABLE outbound ADD COLUMN broadcast_id INTEGER REFERENCES broadcast (id)"
    )
    op.drop_index("outbound_waiting", "outbound")
    due = ["locality_id", "next_attempt_at"]
    _partial("outbound_waiting", due, "broadcast_id IS NULL")
    _partial("outbound_broadcast", [*due, "id"], "broadcast_id IS NOT NULL")
    op.create_index("outbound_of_broadcast", "outbound", ["broadcast_id", "status"])


def _partial(name: str, columns: list[str], which: str) -> None:
    where = sa.text(f"next_attempt_at IS NOT NULL AND {which}")
    op.create_index(
        name, "outbound", columns, sqlite_where=where, postgresql_where=where
    )


def downgrade() -> None:
    op.drop_index("outbound_of_broadcast", "outbound")
    op.drop_index("outbound_broadcast", "outbound")
    op.drop_index("outbound_waiting", "outbound")
    op.execute("DELETE FROM outbound WHERE broadcast_id IS NOT NULL")
    with op.batch_alter_table("outbound") as table:
        table.drop_column("broadcast_id")
    op.create_index(
        "outbound_waiting",
        "outbound",
        ["locality_id", "next_attempt_at"],
        sqlite_where=sa.text("next_attempt_at IS NOT NULL"),
        postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
    )
    op.drop_column("conversation", "subscribed_at")
    op.drop_table("broadcast")
