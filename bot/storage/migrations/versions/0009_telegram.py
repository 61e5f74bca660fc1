"""How fast an account may send, for all processes; and what a platform calls a file."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pace",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("locality_id", sa.String(), nullable=False),
        sa.Column(
            "account_id",
            sa.Integer(),
            sa.ForeignKey("channelaccount.id"),
            nullable=False,
        ),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("moments", sa.JSON(), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("forget_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("locality_id", "account_id", "chat"),
    )
    op.create_index("pace_forget", "pace", ["forget_at"])
    op.add_column("attachment", sa.Column("unique_id", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("attachment", "unique_id")
    op.drop_table("pace")
