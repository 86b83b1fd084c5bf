import Contracts

extension SQLiteStore: UsageStore {
    func recordUsage(_ entries: [Usage.Entry], batch: Usage.Record.ID, at moment: Timestamp) async throws {
        try await database.write { connection throws(StoreError) in
            guard try UsageBatchRows.insert(batch, at: moment, connection) else { return }
            for entry in entries { try UsageRows.add(entry, connection) }
        }
    }

    func usageReport(_ request: Usage.Report, of user: String?, limit: Int) async throws -> [Usage.Line] {
        try await database.read { connection throws(StoreError) in
            try UsageRows.report(request, of: user, limit: limit, connection)
        }
    }

    func reserve(
        _ usageRequest: UsageRequest?,
        as reservation: StoredReservation
    ) async throws -> ReservationOutcome {
        let reserve: @Sendable (Connection) throws(StoreError) -> ReservationOutcome = {
            connection throws(StoreError) in
            if let known = try ReservationRows.find(reservation.id, connection) {
                return .reserved(answerLimit: known.answerLimit)
            }
            return try QuotaReservations.reserve(usageRequest, as: reservation, connection)
        }
        // Nothing is written without an estimate, so calls without a quota do not wait for the writer.
        return usageRequest == nil ? try await database.read(reserve) : try await database.write(reserve)
    }

    func reservedModels(_ ids: [Quotas.Reservation.ID]) async throws -> [Quotas.Reservation.ID: String] {
        try await database.read { connection throws(StoreError) in
            var models: [Quotas.Reservation.ID: String] = [:]
            for id in ids { models[id] = try ReservationRows.find(id.description, connection)?.model }
            return models
        }
    }

    func settle(_ settlements: [Quotas.Settlement], at moment: Timestamp) async throws {
        try await database.write { connection throws(StoreError) in
            for settlement in settlements {
                let id = settlement.reservation.description
                guard let reservation = try ReservationRows.find(id, connection) else { continue }
                try QuotaReservations.settle(
                    reservation,
                    model: settlement.model,
                    usage: settlement.usage,
                    at: moment,
                    connection
                )
            }
        }
    }

    func settleExpired(at moment: Timestamp, limit: Int) async throws -> Int {
        // Usually nothing has expired, and no write is needed.
        let isNeeded = try await database.read { connection throws(StoreError) in
            try !ReservationRows.expired(at: moment, limit: 1, connection).isEmpty
        }
        guard isNeeded else { return 0 }
        return try await database.write { connection throws(StoreError) in
            let expired = try ReservationRows.expired(at: moment, limit: limit, connection)
            for reservation in expired {
                try QuotaReservations.settle(
                    reservation,
                    model: reservation.model,
                    usage: reservation.estimate.usage,
                    at: moment,
                    connection
                )
            }
            return expired.count
        }
    }
}
