"""Breakers and budgets shared by all replicas, and how far each helpdesk has been read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")


def upgrade() -> None:
    """Count failures in outages and calls in budgets; remember cursors."""
    _move_jobs()
    op.add_column("outages", sa.Column("failures", sa.Integer, nullable=False, server_default="0"))
    op.add_column("outages", sa.Column("reason", sa.Text, nullable=False, server_default=""))
    op.add_column("outages", sa.Column("probe_at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW))
    op.create_table(
        "cursors",
        sa.Column("helpdesk", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("upto", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("helpdesk", "account"),
    )
    op.create_table(
        "budgets",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("newest", sa.DateTime(timezone=True), nullable=False, server_default="epoch"),
        sa.Column("counts", ARRAY(sa.Integer), nullable=False, server_default=sa.text("array_fill(0, ARRAY[13])")),
        sa.Column("limit_seen", sa.Integer),
        sa.Column("blocked_until", sa.DateTime(timezone=True)),
    )


def _move_jobs() -> None:
    """Each helpdesk has a queue of its own now, and chores have theirs: nobody fetches from the old one."""
    op.execute(
        "UPDATE procrastinate_jobs SET queue_name = args ->> 'helpdesk' WHERE queue_name = 'tickets' AND task_name = 'look'"
    )
    op.execute(
        "UPDATE procrastinate_jobs SET queue_name = 'chores' WHERE queue_name = 'tickets' AND task_name = 'sync'"
    )
    op.execute(
        "UPDATE procrastinate_jobs SET queue_name = 'chores', task_name = 'reconcile', args = jsonb_build_object("
        "'helpdesk', args ->> 'helpdesk', 'since', args ->> 'since', 'after_s', 0)"
        " WHERE queue_name = 'tickets' AND task_name = 'poll'"
    )
