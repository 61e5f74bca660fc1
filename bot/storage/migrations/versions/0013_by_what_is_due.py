"""Find what is due without reading what is not: the locality stands first."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_PARKED = "status = 'waiting' AND next_attempt_at IS NULL"
_CHANGED = (
    ("conversation", "conversation_due", "due_at", None),
    ("conversation", "conversation_nudge", "nudge_at", None),
    ("conversation", "conversation_expiry", "expires_at", None),
    ("outbound", "outbound_waiting", "next_attempt_at", None),
    ("outbound", "outbound_parked", "created_at", _PARKED),
    ("news", "news_due", "next_at", None),
    ("digestitem", "digestitem_due", "due_at", None),
    ("petition", "petition_answered", "answered_at", None),
    ("reply", "reply_ask", "ask_at", None),
    ("conference", "conference_remind", "remind_at", None),
)
_KEYS = (("channelcharge", "outbound_id"), ("digestitem", "sent_in"))
"""Looked through whenever a message is removed."""
_ANSWER = "key LIKE 'lane_answer/%'"
_UNSENT = "conversation_id IS NULL AND petition_id IS NULL AND key IS NOT NULL"
_GROWING = "tag IS NOT NULL"
_CLEAR = "key IS NULL AND path IS NOT NULL"


def upgrade() -> None:
    for table, name, column, where in _CHANGED:
        op.drop_index(name, table_name=table)
        _create(table, name, ["locality_id", column], where or f"{column} IS NOT NULL")
    _create("attachment", "attachment_to_clear", ["locality_id", "id"], _CLEAR)
    _create("attachment", "attachment_unsent", ["locality_id", "created_at"], _UNSENT)
    _create("outbound", "outbound_answers", ["locality_id", "status"], _ANSWER)
    _create("sealed", "sealed_growing", ["locality_id", "received_at"], _GROWING)
    op.drop_index("pace_forget", table_name="pace")
    op.create_index("pace_forget", "pace", ["locality_id", "forget_at"])
    for table, column in _KEYS:
        op.create_index(f"ix_{table}_{column}", table, [column])
    op.create_index("event_since", "event", ["locality_id", "id"])


def downgrade() -> None:
    op.drop_index("event_since", table_name="event")
    for table, column in _KEYS:
        op.drop_index(f"ix_{table}_{column}", table_name=table)
    op.drop_index("pace_forget", table_name="pace")
    op.create_index("pace_forget", "pace", ["forget_at"])
    op.drop_index("sealed_growing", table_name="sealed")
    op.drop_index("outbound_answers", table_name="outbound")
    op.drop_index("attachment_unsent", table_name="attachment")
    op.drop_index("attachment_to_clear", table_name="attachment")
    for table, name, column, where in _CHANGED:
        op.drop_index(name, table_name=table)
        _create(table, name, [column], where or f"{column} IS NOT NULL")


def _create(table: str, name: str, columns: list[str], where: str) -> None:
    chosen = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=chosen, postgresql_where=chosen)
