import Contracts

extension SQLiteStore {
    func listMessages(_ request: Messages.List, of principal: Principal) async throws -> Result<Page<Message>, Fault> {
        try await database.read { connection throws(StoreError) in
            switch try ConversationRows.find(request.conversation, of: principal, connection) {
            case .failure(let refusal): .failure(refusal)
            case .success(let row): try MessagePage(request, of: row).read(connection)
            }
        }
    }

    func listSiblings(
        _ request: Messages.Siblings,
        of principal: Principal
    ) async throws -> Result<Page<Message>, Fault> {
        try await database.read { connection throws(StoreError) in
            switch try ConversationRows.find(request.conversation, of: principal, connection) {
            case .failure(let refusal): .failure(refusal)
            case .success(let row): try SiblingPage(request, of: row).read(connection)
            }
        }
    }

    func selectPath(
        _ request: Messages.Select,
        of principal: Principal,
        at moment: Timestamp
    ) async throws -> Result<Page<Message>, Fault> {
        try await database.write { connection throws(StoreError) in
            var row: ConversationRow
            switch try ConversationRows.find(request.conversation, of: principal, connection) {
            case .failure(let refusal): return .failure(refusal)
            case .success(let found): row = found
            }
            guard let message = try MessageRows.find(request.message, of: row.number, connection) else {
                return .failure(Fault(.missing, "Message not found"))
            }
            if try PathRows.message(at: message.position, on: row.path, connection) != message.number {
                let path = try PathRows.lastSelected(through: message, connection)
                _ = try ConversationRows.changePath(row, to: path, pathCount: row.pathCount, at: moment, connection)
                row = try ConversationRows.find(number: row.number, connection) ?? row
            }
            let newest = Messages.List(
                conversation: request.conversation,
                limit: request.limit,
                offset: 0,
                order: .descending
            )
            return try MessagePage(newest, of: row).read(connection)
        }
    }
}
