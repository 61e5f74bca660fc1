"""Seats that become free are offered to who waits longest."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("registration", sa.Column("waiting_since", _MOMENT, nullable=True))
    op.add_column("registration", sa.Column("offer_until", _MOMENT, nullable=True))
    op.execute("UPDATE registration SET waiting_since = at WHERE status = 'waiting'")
    where = sa.text("offer_until IS NOT NULL")
    op.create_index(
        "registration_offer",
        "registration",
        ["locality_id", "offer_until"],
        sqlite_where=where,
        postgresql_where=where,
    )


def downgrade() -> None:
    op.execute("UPDATE registration SET status = 'waiting' WHERE status = 'offered'")
    op.execute("UPDATE registration SET status = 'cancelled' WHERE status = 'lapsed'")
    op.drop_index("registration_offer", "registration")
    op.drop_column("registration", "offer_until")
    op.drop_column("registration", "waiting_since")
