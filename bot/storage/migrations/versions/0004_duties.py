"""Duties of a plan with their proofs, and which conference of the plan a row is."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conference", sa.Column("plan_id", sa.String(), nullable=True))
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "duty",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("locality_id", sa.String(), nullable=False),
        sa.Column("programme_id", sa.String(), nullable=False),
        sa.Column("duty_id", sa.String(), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("occasion", sa.String(), nullable=False),
        sa.Column("conference_id", sa.Integer(), nullable=True),
        sa.Column("start", sa.Date(), nullable=True),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("explained", sa.JSON(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("done_at", moment, nullable=True),
        sa.Column("done_by", sa.Integer(), nullable=True),
        sa.Column("dropped_at", moment, nullable=True),
        sa.Column("next_at", moment, nullable=True),
        sa.Column("created_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["conference_id"], ["conference.id"]),
        sa.ForeignKeyConstraint(["done_by"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(
            "locality_id", "programme_id", "duty_id", "actor_id", "occasion"
        ),
    )
    op.create_index("duty_conference", "duty", ["conference_id"])
    waits = sa.text("next_at IS NOT NULL")
    op.create_index(
        "duty_next",
        "duty",
        ["locality_id", "next_at"],
        sqlite_where=waits,
        postgresql_where=waits,
    )
    op.create_table(
        "duty_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("locality_id", sa.String(), nullable=False),
        sa.Column("duty_row_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("mime", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["duty_row_id"], ["duty.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_duty_file_duty_row_id", "duty_file", ["duty_row_id"])


def downgrade() -> None:
    op.drop_table("duty_file")
    op.drop_table("duty")
    op.drop_column("conference", "plan_id")
