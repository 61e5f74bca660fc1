"""The life of a petition: replies, numbers, households, helpers, sources."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ANSWERED = sa.text("answered_at IS NOT NULL")
_ASK = sa.text("ask_at IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("petition") as batch:
        batch.add_column(sa.Column("holder", sa.String(), nullable=True))
        batch.add_column(sa.Column("lead_id", sa.Integer(), nullable=True))
        for name in ("returns", "reopenings"):
            batch.add_column(
                sa.Column(name, sa.Integer(), nullable=False, server_default="0")
            )
        batch.add_column(sa.Column("households", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("promised_on", sa.Date(), nullable=True))
        batch.add_column(
            sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True)
        )
        batch.create_foreign_key("petition_lead_fk", "petition", ["lead_id"], ["id"])
        batch.create_index("petition_lead", ["lead_id"])
        batch.create_index(
            "petition_alike", ["locality_id", "field", "area_id", "received_at"]
        )
        batch.create_index(
            "petition_answered",
            ["answered_at"],
            sqlite_where=_ANSWERED,
            postgresql_where=_ANSWERED,
        )
    op.add_column(
        "conference",
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
    )
    _make(
        "source",
        sa.Column("raised_in", sa.String(40), nullable=False),
        sa.Column("origin_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outside_number", sa.String(), nullable=True),
        sa.Column("entered_by", sa.String(), nullable=False),
    )
    _make(
        "support",
        sa.Column("unit_id", sa.String(), nullable=False),
        sa.UniqueConstraint("locality_id", "petition_id", "unit_id"),
    )
    _make(
        "household",
        sa.Column("conversation_id", sa.Integer(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"]),
        sa.UniqueConstraint("locality_id", "petition_id", "conversation_id"),
    )
    op.create_index("ix_household_conversation_id", "household", ["conversation_id"])
    _make(
        "reply",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("outcome", sa.String(40), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("drafted_by", sa.String(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=True),
        *(
            sa.Column(name, sa.DateTime(timezone=True), nullable=True)
            for name in (
                "approved_at",
                "signed_at",
                "delivered_at",
                "ask_at",
                "replaced_at",
            )
        ),
        sa.Column("rating", sa.String(40), nullable=True),
    )
    op.create_index(
        "reply_ask",
        "reply",
        ["ask_at"],
        sqlite_where=_ASK,
        postgresql_where=_ASK,
    )
    op.create_table(
        "issuance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("locality_id", sa.String(), nullable=False),
        sa.Column("programme_id", sa.String(), nullable=False),
        sa.Column("paper", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("signer", sa.String(), nullable=False),
        sa.Column("capacity", sa.String(), nullable=False),
        sa.Column("reply_id", sa.Integer(), nullable=True),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.Column("file_hash", sa.String(), nullable=True),
        sa.Column("cancelled_why", sa.String(), nullable=True),
        sa.Column("entered_by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["reply_id"], ["reply.id"]),
        sa.ForeignKeyConstraint(["file_id"], ["attachment.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("locality_id", "programme_id", "paper", "year", "number"),
    )


def _make(name: str, *columns: sa.schema.SchemaItem) -> None:
    """A table of what belongs to a petition."""
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("locality_id", sa.String(), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(f"ix_{name}_petition_id", name, ["petition_id"])
