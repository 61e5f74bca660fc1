"""What was heard in voice messages, and petitions that are only spoken so far."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "transcript",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("locality_id", sa.String(), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("written_by", sa.String(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_transcript_petition_id", "transcript", ["petition_id"])
    op.add_column(
        "petition",
        sa.Column(
            "voice_only", sa.Boolean(), nullable=False, server_default=sa.false()
        ),
    )
    op.create_index(
        "petition_unheard",
        "petition",
        ["locality_id", "received_at"],
        sqlite_where=sa.text("needs_listening = 1"),
        postgresql_where=sa.text("needs_listening"),
    )


def downgrade() -> None:
    op.drop_index("petition_unheard", "petition")
    op.drop_column("petition", "voice_only")
    op.drop_table("transcript")
