"""When somebody was last heard, and the credentials of an account."""

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
    op.execute(
        "UPDATE conversation SET heard_at ="
        " (SELECT max(received_at) FROM inbound"
        " WHERE inbound.conversation_id = conversation.id)"
    )


def downgrade() -> None:
    op.drop_column("channelaccount", "credentials")
    op.drop_column("conversation", "heard_at")
