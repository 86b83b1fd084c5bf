import Contracts
import Foundation
import GRDB

/// A run and the place of the message that it answers.
struct StoredRun: Sendable, Equatable {
    var run: Run
    var userPosition: Int
}

/// The table of runs.
enum RunRows {
    private static let columns = """
        conversation, id, status, model, user_position, user_message, assistant_message, last_event, prompt_tokens,
        completion_tokens, is_usage_estimated, fault, created_at, ended_at
        """

    static func insert(_ stored: StoredRun, in database: GRDB.Database) throws {
        let run = stored.run
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO runs (conversation, id, status, user_position, user_message, last_event, created_at)
                VALUES (?,?,?,?,?,?,?)
                """
        )
        try statement.execute(arguments: [
            run.conversation.description, run.id.description, run.status.rawValue, stored.userPosition,
            run.userMessage.description, run.lastEvent, run.createdAt.microseconds,
        ])
    }

    /// Stores how a run ended.
    static func update(_ run: Run, in database: GRDB.Database) throws {
        let statement = try database.cachedStatement(
            sql: """
                UPDATE runs SET status = ?, model = ?, assistant_message = ?, last_event = ?, prompt_tokens = ?,
                    completion_tokens = ?, is_usage_estimated = ?, fault = ?, ended_at = ?
                WHERE conversation = ? AND id = ?
                """
        )
        try statement.execute(arguments: [
            run.status.rawValue, run.model, run.assistantMessage?.description, run.lastEvent,
            run.usage?.promptTokens, run.usage?.completionTokens, run.usage?.isEstimated,
            try run.fault.map(StoredValue.encode), run.endedAt?.microseconds, run.conversation.description,
            run.id.description,
        ])
    }

    static func find(
        _ id: Run.ID,
        of conversation: Conversation.ID,
        in database: GRDB.Database
    ) throws -> StoredRun? {
        let statement = try database.cachedStatement(
            sql: "SELECT \(columns) FROM runs WHERE conversation = ? AND id = ?"
        )
        return try Row.fetchOne(statement, arguments: [conversation.description, id.description]).map(read)
    }

    /// The runs that have not ended.
    static func going(in database: GRDB.Database) throws -> [StoredRun] {
        let sql = "SELECT \(columns) FROM runs WHERE status IN ('queued', 'running')"
        return try Row.fetchAll(database, sql: sql).map(read)
    }

    private static func read(_ row: Row) throws -> StoredRun {
        let assistant: String? = row[6]
        let prompt: Int? = row[8]
        let completion: Int? = row[9]
        let fault: String? = row[11]
        let endedAt: Int64? = row[13]
        var usage: Usage?
        if let prompt, let completion {
            usage = Usage(promptTokens: prompt, completionTokens: completion, isEstimated: row[10] ?? true)
        }
        return StoredRun(
            run: Run(
                id: try StoredValue.identifier(row[1]),
                conversation: try StoredValue.identifier(row[0]),
                status: try StoredValue.word(row[2]),
                model: row[3],
                userMessage: try StoredValue.identifier(row[5]),
                assistantMessage: try assistant.map(StoredValue.identifier),
                lastEvent: row[7],
                usage: usage,
                fault: try fault.map { try StoredValue.decode(Fault.self, $0) },
                createdAt: Timestamp(microseconds: row[12]),
                endedAt: endedAt.map(Timestamp.init(microseconds:))
            ),
            userPosition: row[4]
        )
    }
}
