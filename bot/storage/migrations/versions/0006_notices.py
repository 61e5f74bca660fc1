"""Notices by policy: quiet hours, the stop word, digests, calls to make, leave."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("conversation", sa.Column("muted_at", _MOMENT, nullable=True))
    op.add_column(
        "outbound",
        sa.Column("by_day", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    _partial(
        "outbound_parked",
        "outbound",
        ["created_at"],
        "status = 'waiting' AND next_attempt_at IS NULL",
    )
    _conference()
    _calls()
    _news()
    _digests()
    _leave()


def _conference() -> None:
    op.add_column("conference", sa.Column("remind_at", _MOMENT, nullable=True))
    _partial("conference_remind", "conference", ["remind_at"], "remind_at IS NOT NULL")


def _calls() -> None:
    with op.batch_alter_table("callback") as table:
        table.alter_column("conversation_id", existing_type=sa.Integer(), nullable=True)
        table.add_column(sa.Column("matter", sa.String(), nullable=True))
    _partial(
        "callback_matter",
        "callback",
        ["locality_id", "matter"],
        "matter IS NOT NULL AND done_at IS NULL",
        unique=True,
    )


def _news() -> None:
    op.create_table(
        "news",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("locality_id", sa.String(), nullable=False),
        sa.Column("aggregate", sa.String(), nullable=False),
        sa.Column("aggregate_id", sa.Integer(), nullable=False),
        sa.Column("told_at", _MOMENT, nullable=False),
        sa.Column("next_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("locality_id", "aggregate", "aggregate_id"),
    )
    _partial("news_due", "news", ["next_at"], "next_at IS NOT NULL")


def _digests() -> None:
    op.create_table(
        "digestitem",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("locality_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("aggregate", sa.String(), nullable=False),
        sa.Column("aggregate_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("values", sa.JSON(), nullable=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=True),
        sa.Column("sent_in", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["sent_in"], ["outbound.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("locality_id", "account_id", "key"),
    )
    op.create_index("ix_digestitem_account_id", "digestitem", ["account_id"])
    _partial("digestitem_due", "digestitem", ["due_at"], "due_at IS NOT NULL")


def _leave() -> None:
    op.create_table(
        "leave",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("locality_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("delegate_id", sa.Integer(), nullable=True),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["delegate_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("leave_days", "leave", ["locality_id", "last"])


def _partial(
    name: str, table: str, columns: list[str], where: str, *, unique: bool = False
) -> None:
    """An index over the rows that somebody still looks for."""
    op.create_index(
        name,
        table,
        columns,
        unique=unique,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )
