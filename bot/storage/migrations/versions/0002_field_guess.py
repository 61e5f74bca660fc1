"""The second likeliest field, and whether the resident told the field."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("petition", sa.Column("runner_up", sa.String(), nullable=True))
    op.add_column(
        "petition",
        sa.Column(
            "field_chosen", sa.Boolean(), nullable=False, server_default=sa.false()
        ),
    )
