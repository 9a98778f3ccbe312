"""A ledger of a busy month, made in the database itself: 100,000 messages take seconds. Seeded; nobody's data."""
# ruff: noqa: S608 - constants of this file, and no one else's words

from __future__ import annotations

import sqlalchemy as sa

from service.database import Database


async def fill(database: Database, *, count: int = 100_000, days: int = 28) -> None:
    """So many messages, and a ticket, a note and a trace of feedback for each as they come in life, over so many days up to now."""
    async with database.engine.connect() as connection:
        await connection.execute(sa.text("SELECT setseed(0.8)"))
        for statement in _FILLED:
            await connection.execute(sa.text(statement), {"count": count, "days": days})
        for table in ("outcomes", "resolutions", "drafts", "silences", "feedback", "lessons", "samples", "reviews"):
            await connection.execute(sa.text(f"ANALYZE {table}"))


_WHERE = """
    CASE WHEN n % 2 = 0 THEN 'zendesk' ELSE 'freshdesk' END AS helpdesk, 'acme' AS account, n::text AS ticket_id,
    (ARRAY['billing', 'delivery', 'returns', 'account', 'defect', 'subscription', 'login', 'invoice', 'stock', 'warranty', 'gift', ''])[1 + (n * 7) % 12] AS category,
    (ARRAY['en', 'de', 'fr', 'es'])[1 + n % 4] AS language, (ARRAY['', '360001', '360002'])[1 + n % 3] AS brand,
    (ARRAY['11', '12', '13', '14', '15'])[1 + n % 5] AS group_id, (ARRAY['email', 'web', 'chat'])[1 + n % 3] AS channel,
    CASE WHEN n % 10 = 0 THEN 'holdout' WHEN n % 25 = 1 THEN 'silent' ELSE 'note' END AS arm,
    CASE WHEN n % 9 = 0 THEN 3 ELSE 1 + n % 2 END AS tier,
    now() - make_interval(secs => :days * 86400.0 * n / CAST(:count AS float8)) AS at,
    random() AS luck, random() AS other
"""
_OF = f"(SELECT n, {_WHERE} FROM generate_series(1, CAST(:count AS integer)) AS n OFFSET 0) AS made"

_FILLED = (
    f"""
    INSERT INTO outcomes (helpdesk, account, ticket_id, message_id, arm, asked_at, reference, noted_at, reply_id, replied_at, use, fidelity,
        excluded, tier, category, language, brand, group_id, channel, writer, model, prompt_version, confidence, tokens_in, tokens_out, cost)
    SELECT helpdesk, account, ticket_id, 'm' || n, arm, at, CASE WHEN arm = 'note' THEN 'DP-' || n ELSE '' END,
        CASE WHEN arm = 'note' THEN at + interval '9 seconds' END, CASE WHEN luck < 0.95 THEN 'r' || n ELSE '' END,
        CASE WHEN luck < 0.95 THEN at + make_interval(mins => (10 + 600 * other)::integer) END,
        CASE WHEN arm <> 'note' OR tier = 3 OR luck >= 0.95 THEN '' WHEN luck < 0.45 THEN 'as_is' WHEN luck < 0.7 THEN 'edited' ELSE 'unused' END,
        CASE WHEN arm <> 'note' OR tier = 3 OR luck >= 0.95 THEN NULL WHEN luck < 0.45 THEN 1 WHEN luck < 0.7 THEN 0.6 + 0.4 * other ELSE 0.3 * other END,
        CASE WHEN n % 50 = 3 THEN 'bot' WHEN n % 70 = 3 THEN 'merged' ELSE '' END, tier, category, language, brand, group_id, channel,
        'model', 'main-model', '7', CASE WHEN tier < 3 THEN 0.3 + 0.7 * other END, 3000, 160, 0.004 + 0.002 * other
    FROM {_OF}
    """,
    f"""
    INSERT INTO resolutions (helpdesk, account, ticket_id, arm, label, opened_at, first_reply_at, solved_at, exchanges, reopened_at, again_at,
        csat, excluded, tier, category, language, brand, group_id, channel)
    SELECT helpdesk, account, ticket_id, arm,
        CASE WHEN arm = 'note' AND luck < 0.4 THEN 'ai_as_is' WHEN arm = 'note' AND luck < 0.6 THEN 'ai_assisted' WHEN luck < 0.95 THEN 'human_only' ELSE '' END,
        at, CASE WHEN luck < 0.95 THEN at + make_interval(mins => (10 + 600 * other)::integer) END,
        CASE WHEN luck < 0.9 THEN at + make_interval(mins => (60 + 3000 * other * CASE WHEN arm = 'note' THEN 1 ELSE 1.2 END)::integer) END,
        1 + (luck * 3)::integer, CASE WHEN luck < 0.07 THEN at + interval '3 days' END, CASE WHEN luck > 0.85 AND luck < 0.89 THEN at + interval '4 days' END,
        CASE WHEN other < 0.17 THEN 1 WHEN other < 0.19 THEN 0 WHEN other < 0.22 THEN -1 END,
        CASE WHEN n % 70 = 3 THEN 'merged' ELSE '' END, tier, category, language, brand, group_id, channel
    FROM {_OF}
    """,
    f"""
    INSERT INTO resolutions (helpdesk, account, ticket_id, arm, label, opened_at, first_reply_at, solved_at, exchanges, reopened_at, csat, tier, category, language)
    SELECT helpdesk, account, 'b' || n, 'baseline', 'human_only', at - interval '60 days', at - interval '60 days' + interval '9 hours',
        at - interval '58 days', 1 + (luck * 4)::integer, CASE WHEN luck < 0.09 THEN at - interval '56 days' END,
        CASE WHEN other < 0.16 THEN 1 WHEN other < 0.2 THEN -1 END, tier, category, language
    FROM {_OF} WHERE n % 5 = 0
    """,
    f"""
    INSERT INTO drafts (helpdesk, account, ticket_id, message_id, reference, verdict, html, details, created_at, note_id, posted_at)
    SELECT helpdesk, account, ticket_id, 'm' || n, 'DP-' || n,
        CASE WHEN tier = 3 THEN 'person' WHEN luck < 0.12 THEN 'uncovered' WHEN luck < 0.13 THEN 'no_model' ELSE 'ready' END, '',
        CASE WHEN tier < 3 AND luck < 0.12 THEN jsonb_build_object('asked',
            (ARRAY['Can I give the tea subscription to my sister as a present?', 'Do you ship parcels to Norway?', 'How do I export all invoices as one file?',
                'Is the lid safe in a dishwasher?', 'May two people share one account?', 'Which adapter does the kettle need in Japan?', 'Is there a discount for charities?'])[1 + n % 7],
            'language', language) ELSE '{{}}'::jsonb END,
        at + interval '8 seconds', 'note' || n, at + interval '9 seconds'
    FROM {_OF} WHERE arm = 'note'
    """,
    f"INSERT INTO silences (helpdesk, account, ticket_id, message_id, reason, at) SELECT helpdesk, account, ticket_id, 's' || n, 'only thanks', at FROM {_OF} WHERE n % 4 = 0",
    f"""
    INSERT INTO feedback (helpdesk, account, ticket_id, reference, judgement, reason, at)
    SELECT helpdesk, account, ticket_id, 'DP-' || n, CASE WHEN luck < 0.7 THEN 'right' ELSE 'wrong' END, CASE WHEN luck > 0.95 THEN 'hand_over' ELSE '' END, at + interval '1 hour'
    FROM {_OF} WHERE arm = 'note' AND n % 20 IN (2, 4)
    """,
    f"""
    INSERT INTO lessons (helpdesk, account, ticket_id, message_id, kind, origin, state, question, reply, language, category, created_at)
    SELECT helpdesk, account, ticket_id, 'm' || n, 'reply', 'edited', (ARRAY['waiting', 'approved', 'rejected'])[1 + n % 3], 'a question', 'a reply', language, category, at
    FROM {_OF} WHERE n % 500 = 0
    """,
    f"""
    INSERT INTO samples (week, helpdesk, account, ticket_id, message_id, category)
    SELECT date_trunc('week', at)::date, helpdesk, account, ticket_id, 'm' || n, category FROM {_OF} WHERE n % 400 = 0
    """,
    """
    INSERT INTO reviews (sample, reviewer, scores)
    SELECT id, who, jsonb_build_object('intent', 2 - (id % 7 = 0)::integer, 'policy', 2, 'tone', 1 + ((id + length(who)) % 5 > 0)::integer, 'timing', 2 - (id % 4 = 0)::integer)
    FROM samples, unnest(ARRAY['ann', 'robert']) AS who
    """,
)  # fmt: skip
