"""The recipients of the sealed lane, and cases with a key of their own."""

import secrets
from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    boxes = _make_cases()
    op.create_table(
        "lanerecipient",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("locality_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("seat", sa.String(), nullable=False),
        sa.Column("public", sa.LargeBinary(), nullable=True),
        sa.Column("private_box", sa.LargeBinary(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("locality_id", "account_id"),
    )
    op.create_table(
        "sealedpart",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("locality_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("box", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["sealed.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_sealedpart_case_id", "sealedpart", ["case_id"])
    op.create_table(
        "sealedwrap",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("locality_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("recipient_id", sa.Integer(), nullable=False),
        sa.Column("box", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["sealed.id"]),
        sa.ForeignKeyConstraint(["recipient_id"], ["lanerecipient.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("locality_id", "case_id", "recipient_id"),
    )
    op.create_index("ix_sealedwrap_recipient_id", "sealedwrap", ["recipient_id"])
    _make_parts(boxes)
    with op.batch_alter_table("attachment") as batch_op:
        batch_op.add_column(sa.Column("sealed_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            "attachment_sealed_id_fkey", "sealed", ["sealed_id"], ["id"]
        )
        batch_op.create_index("ix_attachment_sealed_id", ["sealed_id"])


def _make_cases() -> list[sa.Row[tuple[int, str, bytes, datetime]]]:
    """Number what is there and take its boxes out. Before the other tables refer to
    this one: SQLite writes it anew."""
    for column in (
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("status", sa.String(40), nullable=False, server_default="received"),
        sa.Column("public", sa.LargeBinary(), nullable=True),
        sa.Column("tag", sa.String(), nullable=True),
        sa.Column("check_due", sa.Date(), nullable=True),
        sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("destroy_at", sa.DateTime(timezone=True), nullable=True),
    ):
        op.add_column("sealed", column)
    connection = op.get_bind()
    boxes = connection.execute(
        sa.text("SELECT id, locality_id, box, received_at FROM sealed")
    ).all()
    numbers = sa.text("UPDATE sealed SET number = :number WHERE id = :id")
    for row in boxes:
        number = "".join(secrets.choice("0123456789") for _ in range(10))
        connection.execute(numbers, {"number": number, "id": row.id})
    with op.batch_alter_table("sealed") as batch_op:
        batch_op.drop_column("box")
        batch_op.alter_column("number", existing_type=sa.String(), nullable=False)
        batch_op.create_unique_constraint(
            "sealed_locality_id_number_key", ["locality_id", "number"]
        )
        batch_op.create_index("ix_sealed_tag", ["tag"])
        batch_op.create_index("sealed_remind", ["locality_id", "remind_at"])
        batch_op.create_index("sealed_destroy", ["locality_id", "destroy_at"])
    return list(boxes)


def _make_parts(boxes: list[sa.Row[tuple[int, str, bytes, datetime]]]) -> None:
    """Every box is the one part of a case that ``lane.key`` opens."""
    part = sa.text(
        "INSERT INTO sealedpart (locality_id, case_id, box, at) "
        "VALUES (:locality, :case, :box, :at)"
    )
    for row in boxes:
        op.get_bind().execute(
            part,
            {
                "locality": row.locality_id,
                "case": row.id,
                "box": row.box,
                "at": row.received_at,
            },
        )
