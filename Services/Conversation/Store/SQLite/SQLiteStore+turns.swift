import Contracts

extension SQLiteStore: RunStore {
    func startTurn(_ turn: StartTurn) async throws -> StartTurn.Outcome {
        try await database.write { connection throws(StoreError) in
            guard let conversation = try ConversationRows.find(turn.conversation, connection) else {
                return .refused(Fault(.missing, "Conversation not found"))
            }
            let scope = RequestKeyRows.scope(of: conversation.number)
            if let key = turn.key,
                let known = try RequestKeyRows.find(scope: scope, key, connection)
            {
                let run: Run.ID = try ColumnCoding.identifier(known)
                if run != turn.retriedRun { return .duplicate(run) }
            }
            let place: TurnPlace
            switch try TurnPlace.find(for: turn, in: conversation, connection) {
            case .failure(let refusal): return .refused(refusal)
            case .success(let found): place = found
            }
            // The last decision, because it reserves usage.
            switch try reserve(for: turn, connection) {
            case .rejected(let fault): return .refused(fault)
            case .needsEstimate: return .needsEstimate
            case .unlimited, .reserved: break
            }
            if let key = turn.key {
                let run = turn.run.id.description
                try RequestKeyRows.set(scope: scope, key, to: run, at: turn.run.createdAt, connection)
            }
            return try place.store(turn, owner: owner, connection)
        }
    }

    func reserveAnotherCall(
        _ usageRequest: UsageRequest,
        after spent: Usage,
        as reservation: StoredReservation
    ) async throws -> ReservationOutcome {
        try await database.write { connection throws(StoreError) in
            try QuotaReservations.reserveAnotherCall(usageRequest, after: spent, as: reservation, connection)
        }
    }

    /// Reserves the estimated usage until the end of the run.
    private func reserve(
        for turn: StartTurn,
        _ connection: Connection
    ) throws(StoreError) -> QuotaReservations.Outcome {
        guard let principal = turn.principal else { return .unlimited }
        let reservation = StoredReservation(
            id: turn.run.id.description,
            user: principal.user,
            apiKey: principal.key,
            model: turn.run.model ?? "",
            createdAt: turn.run.createdAt
        )
        return try QuotaReservations.reserve(turn.usageRequest, as: reservation, connection)
    }
}

extension StartTurn {
    /// The failed run whose idempotency key is reassigned to the new run.
    fileprivate var retriedRun: Run.ID? {
        if case .retry(_, of: let run) = cause { run } else { nil }
    }
}
