/// The statements that copy the rows of a file of version 5, attached as `former`.
enum UpgradeStatements {
    /// Run once, before all others.
    static let smallTables = """
        CREATE TEMP TABLE branched (conversation INTEGER NOT NULL PRIMARY KEY);
        INSERT INTO temp.branched
            SELECT DISTINCT conversation FROM former.messages INDEXED BY messages_by_place WHERE branch != 0;
        CREATE TEMP TABLE homes (message INTEGER NOT NULL PRIMARY KEY, path INTEGER NOT NULL);
        CREATE TEMP TABLE answers (message INTEGER NOT NULL PRIMARY KEY, run INTEGER NOT NULL);

        INSERT INTO main.personas (id, name, display_name, avatar_url, description, category, instructions, traits,
                greeting, suggested_messages, is_active, created_at, updated_at, status)
            SELECT id, name, display_name, avatar_url, description, category, instructions, traits, greeting,
                suggested_messages, is_active, created_at, updated_at, CASE WHEN is_active THEN 'active' ELSE 'unlisted' END
            FROM former.personas;
        INSERT INTO main.request_keys (scope, route, key, result, created_at)
            SELECT 'conversation ' || conversation, route, key, run, created_at FROM former.request_keys;
        INSERT INTO main.api_keys (number, id, digest, name, user, role, requests_per_minute, requests_per_hour,
                concurrent_runs, created_at, expires_at, last_used_at)
            SELECT number, id, digest, name, user, role, requests_per_minute, requests_per_hour, concurrent_runs,
                created_at, expires_at, last_used_at FROM former.api_keys;
        INSERT INTO main.usage (user, day, api_key, model, requests, prompt_tokens, completion_tokens, estimated_tokens,
                cost, unpriced_requests)
            SELECT user, day, api_key, model, requests, prompt_tokens, completion_tokens, estimated_tokens, cost,
                unpriced_requests FROM former.usage;
        INSERT INTO main.usage_batches (id, created_at) SELECT id, created_at FROM former.usage_batches;
        INSERT INTO main.quotas (subject, period, requests, tokens, cost, concurrent_runs, changed_at)
            SELECT subject, period, requests, tokens, cost, concurrent_runs, changed_at FROM former.quotas;
        INSERT INTO main.reservations (id, user, api_key, model, prompt_tokens, completion_tokens, cost, created_at,
                expires_at, answer_limit)
            SELECT id, user, api_key, model, prompt_tokens, completion_tokens, cost, created_at, expires_at, answer_limit
            FROM former.reservations;
        """

    /// Conversations and their root paths, which have the same numbers.
    static let conversations = [
        """
        INSERT INTO main.conversations (number, id, user, persona, state, created_at, updated_at, used_at, path,
                path_version, path_count, message_count, total_count, has_instructions)
            SELECT number, id, user, persona, 0, created_at, updated_at, used_at, number, path_version, 1, message_count,
                (SELECT COUNT(*) FROM former.messages m INDEXED BY messages_by_place
                    WHERE m.conversation = c.number),
                instructions IS NOT NULL
            FROM former.conversations c WHERE number BETWEEN :first AND :last
        """,
        """
        INSERT INTO main.conversation_instructions (conversation, text)
            SELECT number, instructions FROM former.conversations
            WHERE number BETWEEN :first AND :last AND instructions IS NOT NULL
        """,
        """
        INSERT INTO main.paths (number, conversation, parent, forks_at, selected_at)
            SELECT number, number, NULL, 0, path_version FROM former.conversations WHERE number BETWEEN :first AND :last
        """,
    ]

    /// The messages of the root paths; the range is one of conversations.
    static let rootPaths = [
        """
        INSERT INTO main.path_messages (path, position, message)
            SELECT conversation, position, number FROM former.messages INDEXED BY messages_by_place
            WHERE conversation BETWEEN :first AND :last AND branch = 0 ORDER BY conversation, position
        """
    ]

    /// Run before ``messages``: finds the run of an answer.
    static let answers = """
        INSERT OR REPLACE INTO temp.answers (message, run)
            SELECT answer, number FROM former.runs WHERE answer IS NOT NULL ORDER BY number
        """

    static let messages = [
        """
        INSERT INTO main.contents (message, kind, text, media_urls, audio_url, audio_seconds, metadata, tools, reasoning,
                cuts)
            SELECT m.number, m.kind, m.content, m.media_urls, m.audio_url, m.audio_seconds, m.metadata, m.tools, NULL,
                (SELECT NULLIF(r.cuts, '') FROM temp.answers a JOIN former.runs r ON r.number = a.run
                    WHERE a.message = m.number)
            FROM former.messages m WHERE m.number BETWEEN :first AND :last
        """,
        """
        INSERT INTO main.messages (number, id, conversation, path, position, parent, sibling, role, status, run,
                token_count, bytes, created_at)
            SELECT m.number, m.id, m.conversation,
                CASE WHEN m.branch = 0 THEN m.conversation
                    ELSE COALESCE((SELECT path FROM temp.homes WHERE message = m.number), m.conversation) END,
                m.position, COALESCE(p.number, -m.conversation), m.sibling, m.role, m.status, m.run, m.token_count,
                length(CAST(m.content AS BLOB)) + COALESCE(length(CAST(m.media_urls AS BLOB)), 0)
                    + COALESCE(length(CAST(m.metadata AS BLOB)), 0) + COALESCE(length(CAST(m.tools AS BLOB)), 0)
                    + COALESCE(length(c.cuts), 0),
                m.created_at
            FROM former.messages m JOIN main.contents c ON c.message = m.number
                LEFT JOIN former.messages p ON p.id = m.parent AND p.conversation = m.conversation
                    AND p.position < m.position
            WHERE m.number BETWEEN :first AND :last
        """,
        """
        INSERT INTO main.set_aside (kind, number, reason, found_at)
            SELECT 'message', n.number, 'The message before it, ' || m.parent || ', was not found in its conversation.',
                :found
            FROM main.messages n JOIN former.messages m ON m.number = n.number
            WHERE n.number BETWEEN :first AND :last AND n.parent < 0 AND m.parent IS NOT NULL
        """,
    ]

    /// Runs, without what an unfinished regeneration replaces; see ``UpgradeRegenerations``.
    static let runs = [
        """
        INSERT INTO main.runs (number, id, conversation, message, purpose, path, replaces, owner, status, options, model,
                api_key, last_event, step, step_event, answer, ending, created_at, ended_at)
            SELECT r.number, r.id, COALESCE(q.conversation, 0), r.message, NULL, COALESCE(a.path, q.path), NULL, 0,
                r.status, NULL, r.model, r.api_key, r.last_event, NULL, 1, a.number, r.ending, r.created_at, r.ended_at
            FROM former.runs r LEFT JOIN main.messages q ON q.number = r.message
                LEFT JOIN main.messages a ON a.number = r.answer
            WHERE r.number BETWEEN :first AND :last
        """,
        """
        INSERT INTO main.set_aside (kind, number, reason, found_at)
            SELECT 'run', r.number,
                CASE WHEN q.number IS NULL THEN 'Its question, message number ' || r.message || ', was not found.'
                    ELSE 'Its answer, message number ' || r.answer || ', was not found.' END,
                :found
            FROM former.runs r LEFT JOIN main.messages q ON q.number = r.message
                LEFT JOIN main.messages a ON a.number = r.answer
            WHERE r.number BETWEEN :first AND :last
                AND (q.number IS NULL OR (r.answer IS NOT NULL AND a.number IS NULL))
        """,
    ]

    static let runEvents = [
        """
        INSERT INTO main.run_events (number, run, first, lines)
            SELECT number, run, first, lines FROM former.run_events WHERE number BETWEEN :first AND :last
        """
    ]

    /// Run once, after all others.
    static let counters = """
        INSERT INTO main.counters (name, value)
            SELECT 'conversations', COUNT(*) FROM main.conversations
            UNION ALL SELECT 'messages', COUNT(*) FROM main.messages
            UNION ALL SELECT 'conversations with ' || persona, COUNT(*) FROM main.conversations GROUP BY persona;
        """
}
