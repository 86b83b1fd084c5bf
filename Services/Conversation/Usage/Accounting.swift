import Bus
import Contracts
import GRDB

/// The rules of usage: take in what calls took elsewhere, and tell what was used.
struct Accounting: Sendable {
    /// How many lines a report has at most.
    private static let lineLimit = 10_000
    private static let entryLimit = 10_000

    let database: Database
    let prices: Prices
    var now: @Sendable () -> Timestamp = { .now() }

    func record(_ request: Usage.Record) async throws -> Done {
        let moment = now()
        guard request.entries.count <= Self.entryLimit else {
            throw Fault(.invalid, "A batch has at most \(Self.entryLimit) entries.")
        }
        // Clocks differ a little.
        let last = Day(number: Day(moment).number + 1)
        // One entry that cannot be is no reason to lose the others: who sends a batch sends it but once more.
        let entries = request.entries.filter { entry in
            entry.total.isValid && entry.day <= last && entry.day.number >= 0
                && (1...255).contains(entry.user.utf8.count) && entry.model.utf8.count <= 1024
        }
        guard !entries.isEmpty || request.entries.isEmpty else {
            throw Fault(.invalid, "The entries name no user, a day to come, or numbers that cannot be.")
        }
        let prices = await prices.find(Set(entries.filter { $0.total.cost == nil }.map(\.model)))
        try await database.write { database in
            guard try UsageBatchRows.insert(request.batch, at: moment, in: database) else { return }
            for var entry in entries {
                entry.total = entry.total.priced(by: prices[entry.model])
                try UsageRows.add(entry, in: database)
            }
        }
        return Done()
    }

    func report(_ request: Usage.Report, _ context: CallContext) async throws -> Usage.Summary {
        let principal = try context.requirePrincipal()
        let user = request.isAll ? nil : try KeyRules.user(request.user, for: principal)
        guard user != nil || principal.role == .admin else {
            throw Fault(.forbidden, "Only an admin may see everybody's usage.")
        }
        guard request.from <= request.to else { throw Fault(.invalid, "The first day comes after the last.") }
        let lines = try await database.read { database in
            try UsageRows.report(request, of: user, limit: Self.lineLimit + 1, in: database)
        }
        guard lines.count <= Self.lineLimit else {
            throw Fault(.invalid, "There are more than \(Self.lineLimit) lines. Ask for fewer days, or fewer groups.")
        }
        var total = Usage.Total()
        for line in lines { total += line.total }
        // Sums over nothing are one line of nothing.
        return Usage.Summary(lines: lines.filter { $0.total.requests > 0 }, total: total)
    }
}
