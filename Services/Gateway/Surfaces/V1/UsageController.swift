import Bus
import Contracts
import HTTP
import JSON

/// `GET /api/v1/usage`: usage by day, model, API key and user.
struct UsageController: Sendable {
    /// Default length of the report, in days.
    private static let defaultDays = 30

    let conversations: any Bus

    func report(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let query = QueryParameters(request)
        let to = try day("to", query) ?? Day(.now())
        let from = try day("from", query) ?? Day(number: max(0, to.number - Self.defaultDays + 1))
        let groups = try groups(query)
        let report = Usage.Report(
            user: try query.text("user"),
            isAll: try query.flag("all"),
            from: from,
            to: to,
            groups: groups
        )
        let reported = try await conversations.call(report, context.call)
        var json = JSONWriter()
        json.object { json in
            json.field("from", from.description)
            json.field("to", to.description)
            json.array("group_by", groups) { $0.text($1.rawValue) }
            json.array("usage", reported.lines) { json, line in
                json.object { $0.line(line, groups: groups) }
            }
            json.object("total") { $0.members(reported.total) }
        }
        return V1Response.json(json)
    }

    private func day(_ name: String, _ query: QueryParameters) throws -> Day? {
        guard let text = try query.text(name) else { return nil }
        guard let day = Day(text) else { throw Fault(.invalid, "`\(name)` must be a day such as 2026-11-21.") }
        return day
    }

    private func groups(_ query: QueryParameters) throws -> [Usage.Group] {
        guard let text = try query.text("group_by") else { return [.day, .model] }
        var groups: [Usage.Group] = []
        for word in text.split(separator: ",") {
            guard let group = Usage.Group(rawValue: String(word)) else {
                throw Fault(.invalid, "`group_by` must be a comma-separated list of day, model, key and user.")
            }
            if !groups.contains(group) { groups.append(group) }
        }
        return groups
    }
}

extension JSONWriter {
    fileprivate mutating func line(_ line: Usage.Line, groups: [Usage.Group]) {
        for group in groups {
            switch group {
            case .day: field("day", line.day?.description)
            case .model: field("model", line.model.flatMap { $0.isEmpty ? nil : $0 })
            case .key:
                field("key_id", line.key?.description)
                field("key_name", line.keyName)
            case .user: field("user_id", line.user)
            }
        }
        members(line.total)
    }

    fileprivate mutating func members(_ total: Usage.Total) {
        field("requests", total.requests)
        field("prompt_tokens", total.promptTokens)
        field("completion_tokens", total.completionTokens)
        field("total_tokens", total.tokens)
        field("estimated_tokens", total.estimatedTokens)
        field("cost", total.cost.map(V1Cost.amount))
        field("unpriced_requests", total.unpricedRequests)
    }
}
