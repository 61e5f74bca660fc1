"""The hamlets of a hamlet head, and files that name other people."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "account",
        sa.Column("area_ids", sa.JSON(), nullable=False, server_default="[]"),
    )
    op.add_column(
        "attachment",
        sa.Column(
            "names_people", sa.Boolean(), nullable=False, server_default=sa.false()
        ),
    )


def downgrade() -> None:
    op.drop_column("attachment", "names_people")
    op.drop_column("account", "area_ids")
