"""When somebody was last heard, the credentials of an account, what messages cost."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "conversation",
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.add_column(
        "channelaccount", sa.Column("credentials", sa.LargeBinary(), nullable=True)
    )
    op.create_table(
        "channelcharge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("locality_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("outbound_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("vnd", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["channelaccount.id"]),
        sa.ForeignKeyConstraint(["outbound_id"], ["outbound.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("locality_id", "outbound_id"),
    )
    op.create_index("channelcharge_month", "channelcharge", ["account_id", "at"])
    op.execute(
        "UPDATE conversation SET heard_at ="
        " (SELECT max(received_at) FROM inbound"
        " WHERE inbound.conversation_id = conversation.id)"
    )


def downgrade() -> None:
    op.drop_table("channelcharge")
    op.drop_column("channelaccount", "credentials")
    op.drop_column("conversation", "heard_at")
