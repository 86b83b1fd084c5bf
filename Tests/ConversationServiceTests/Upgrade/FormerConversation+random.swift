import GRDB

extension FormerConversation {
    /// Returns a conversation after random turns, edits, regenerations, failures and selections.
    static func random(
        from number: inout Int64,
        steps: Int,
        using generator: inout some RandomNumberGenerator
    ) -> FormerConversation {
        var conversation = FormerConversation()
        func next() -> Int64 {
            number += 1
            return number
        }
        let openings = [["assistant"], ["assistant"], [], ["user", "assistant", "assistant", "user", "assistant"]]
        let opening = openings.randomElement(using: &generator) ?? []
        conversation.load(opening, from: number + 1)
        number += Int64(opening.count)
        for _ in 0..<steps {
            let question = conversation.items.values.filter(\.isQuestion).map(\.number).sorted()
                .randomElement(using: &generator)
            let message = conversation.items.keys.sorted().randomElement(using: &generator)
            let before = conversation
            switch (Int.random(in: 0..<20, using: &generator), question, message) {
            case (0..<6, _, _) where conversation.pending.count < 4, (_, nil, _): conversation.send(next())
            case (6..<8, let question?, _): conversation.edit(question, as: next())
            case (8..<11, let question?, _): conversation.regenerate(question)
            case (11..<13, _, let message?): conversation.select(message)
            case (13, _, _): conversation.finish(withAnswer: nil)
            default: if !conversation.pending.isEmpty { conversation.finish(withAnswer: next()) }
            }
            if !conversation.isStorable { conversation = before }
        }
        return conversation
    }

    /// Stores the conversation with its unfinished runs in a file of version 5.
    func store(as conversation: Int64, in database: GRDB.Database) throws {
        try database.execute(
            sql: """
                INSERT INTO conversations (number, id, user, persona, created_at, updated_at, used_at, message_count,
                    path_version) VALUES (?, 'c' || ?, 'alice', 'p', 1, 1, 1, ?, ?)
                """,
            arguments: [conversation, conversation, path.count, pathVersion]
        )
        for item in items.values.sorted(by: { $0.number < $1.number }) {
            try database.execute(
                sql: """
                    INSERT INTO messages (number, conversation, position, id, role, kind, content, status, parent, run,
                        created_at, branch, sibling, is_chosen)
                    VALUES (?, ?, ?, 'm' || ?, ?, 'text', 'Text ' || ?, 'completed', ?, NULL, 1, ?, ?, ?)
                    """,
                arguments: [
                    item.number, conversation, item.position, item.number, item.role, item.number,
                    item.parent.map { "m\($0)" }, item.isOnPath ? 0 : item.number, item.sibling, item.isChosen,
                ]
            )
        }
        for (index, run) in pending.enumerated() {
            try database.execute(
                sql: """
                    INSERT INTO runs (message, id, status, last_event, replaces, created_at)
                    VALUES (?, 'r' || ? || '-' || ?, ?, 1, ?, 1)
                    """,
                arguments: [
                    run.question, conversation, index, index == 0 ? "running" : "queued", run.replaces,
                ]
            )
        }
    }
}
