import Bus
import Contracts
import GRDB
import Logging

/// The rules of quotas: look at them, set them, and take from them before a model is asked.
struct QuotaKeeping: Sendable {
    /// The largest number that a quota may have.
    private static let bound = 0...1_000_000_000_000
    /// How long inference-svc is asked for a price.
    private static let patience = Duration.seconds(2)
    /// How long after the end of the longest answer a reservation is still believed to be in use.
    private static let grace = Duration.seconds(120)

    let database: Database
    let book: AccessBook
    let windows: ModelWindows
    /// How long an answer may take.
    let runLimit: Duration
    var now: @Sendable () -> Timestamp = { .now() }

    func find(_ request: Quotas.Find, _ context: CallContext) async throws -> Quotas.Status {
        let principal = try context.requirePrincipal()
        let moment = now()
        return try await database.read { database in
            try Self.check(request.subject, by: principal, in: database)
            return try Self.standing(of: request.subject, at: moment, in: database)
        }
    }

    func set(_ request: Quotas.Set, _ context: CallContext) async throws -> Quotas.Status {
        let principal = try context.requirePrincipal()
        guard principal.role == .admin else { throw Fault(.forbidden, "Only an admin may set quotas.") }
        let (subject, quota, moment) = (request.subject, request.quota, now())
        try Self.check(quota)
        let standing = try await database.write { database -> Quotas.Status? in
            if case .key(let key) = subject, try KeyRows.find(key, in: database) == nil { return nil }
            if quota.isEmpty {
                try QuotaRows.delete(subject, in: database)
            } else {
                try QuotaRows.set(quota, for: subject, at: moment, in: database)
            }
            return try Self.standing(of: subject, at: moment, in: database)
        } onCommit: { [book] standing in
            if standing != nil { book.note(subject, isLimited: !quota.isEmpty) }
        }
        guard let standing else { throw Fault(.missing, "Key not found") }
        Logger.current.notice(
            "Quota set",
            metadata: ["quota.subject": "\(subject)", "principal.user": "\(principal.user)"]
        )
        return standing
    }

    func reserve(_ request: Quotas.Reserve, _ context: CallContext) async throws -> Quotas.Reserved {
        let principal = try context.requirePrincipal()
        guard book.isLimited(principal) else { return Quotas.Reserved(reservation: nil) }
        let model = await windows.modelOrFault(request.model, context, within: Self.patience)
        let name = if case .success(let model) = model { model.name } else { request.model ?? "" }
        let wish = CallWish(promptTokens: request.promptTokens, maxTokens: request.maxTokens, model: model)
        let id = request.reservation ?? Quotas.Reservation.ID(at: now())
        let lifetime = (runLimit + Self.grace).components.seconds
        let reservation = StoredReservation(
            id: id.description,
            user: principal.user,
            apiKey: principal.key,
            model: name,
            createdAt: now(),
            expiresAt: Timestamp(microseconds: now().microseconds + lifetime * 1_000_000)
        )
        let outcome = try await database.write { database in
            if let known = try ReservationRows.find(reservation.id, in: database) {
                return QuotaLedger.Outcome.reserved(answerLimit: known.answerLimit)
            }
            return try QuotaLedger.reserve(wish, as: reservation, in: database)
        }
        switch outcome {
        case .unlimited: return Quotas.Reserved(reservation: nil)
        case .reserved(let limit): return Quotas.Reserved(reservation: id, answerLimit: limit)
        case .refused(let fault): throw fault
        }
    }

    func settle(_ request: Quotas.Settle) async throws -> Done {
        let moment = now()
        let settlements = try await named(request.settlements)
        let unpriced = settlements.filter { $0.usage.map { $0.cost == nil } ?? false }
        let prices = await Prices(windows: windows).find(Set(unpriced.map(\.model)))
        try await database.write { database in
            for settlement in settlements {
                let id = settlement.reservation.description
                guard let reservation = try ReservationRows.find(id, in: database) else { continue }
                try QuotaLedger.settle(
                    reservation,
                    model: settlement.model,
                    usage: settlement.usage?.priced(by: prices[settlement.model]),
                    at: moment,
                    in: database
                )
            }
        }
        return Done()
    }

    /// The settlements; where nobody said which model was asked, it is the one that was reserved for.
    private func named(_ settlements: [Quotas.Settlement]) async throws -> [Quotas.Settlement] {
        guard settlements.contains(where: \.isNameless) else { return settlements }
        return try await database.read { database in
            try settlements.map { settlement in
                guard settlement.isNameless else { return settlement }
                var named = settlement
                named.model = try ReservationRows.find(settlement.reservation.description, in: database)?.model ?? ""
                return named
            }
        }
    }

    private static func check(_ quota: Quota) throws {
        let numbers = [quota.requests, quota.tokens, quota.cost, quota.concurrentRuns].compactMap(\.self)
        guard numbers.allSatisfy(bound.contains) else {
            throw Fault(.invalid, "The numbers of a quota must be from 0 to \(bound.upperBound), or absent.")
        }
    }

    /// Users see their own and those of their keys.
    private static func check(
        _ subject: Quota.Subject,
        by principal: Principal,
        in database: GRDB.Database
    ) throws {
        switch subject {
        case .user(let name):
            guard principal.role == .admin || name.utf8.elementsEqual(principal.user.utf8) else {
                throw Fault(.forbidden, "Only an admin may see the quotas of others.")
            }
        case .key(let id):
            guard let key = try KeyRows.find(id, in: database),
                principal.role == .admin || key.user.utf8.elementsEqual(principal.user.utf8)
            else { throw Fault(.missing, "Key not found") }
        }
    }

    private static func standing(
        of subject: Quota.Subject,
        at moment: Timestamp,
        in database: GRDB.Database
    ) throws -> Quotas.Status {
        let quota = try QuotaRows.find(subject, in: database)
        let balance = try QuotaLedger.balance(of: subject, quota ?? Quota(period: .day), at: moment, in: database)
        return Quotas.Status(
            subject: subject,
            quota: quota,
            used: balance.used,
            reserved: balance.reserved,
            resetsAt: balance.reset
        )
    }
}

extension Quotas.Settlement {
    /// Whether something was taken, and nobody said of which model.
    fileprivate var isNameless: Bool { model.isEmpty && usage != nil }
}
