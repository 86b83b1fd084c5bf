import Bus
import Contracts
import Foundation
import HTTP
import JSON

/// `/api/v1/quotas/{principal}`: show and set quotas; the principal is a user's name or `key:<id>`.
struct QuotasController: Sendable {
    let conversations: any Bus

    private struct Body: Decodable {
        var period: String?
        var requests: Int?
        var tokens: Int?
        var cost: Double?
        var concurrent_runs: Int?

        func read() throws -> Quota {
            guard let period = Quota.Period(rawValue: period ?? Quota.Period.day.rawValue) else {
                throw Fault(.invalid, "`period` must be day or month.")
            }
            var quota = Quota(period: period, requests: requests, tokens: tokens, concurrentRuns: concurrent_runs)
            guard let cost else { return quota }
            quota.cost = V1Cost.millionths(cost)
            guard quota.cost != nil else {
                throw Fault(.invalid, "`cost` must be an amount from 0 to 1000000 in the currency of the prices.")
            }
            return quota
        }
    }

    func find(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        answer(try await conversations.call(Quotas.Find(subject: try subject(context)), context.call))
    }

    func set(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let subject = try subject(context)
        let quota = try await request.body.json(Body.self).read()
        return answer(try await conversations.call(Quotas.Set(subject: subject, quota: quota), context.call))
    }

    /// The subject in the path: `alice`, or `user:alice` for a name that is ambiguous, or `key:<id>`.
    private func subject(_ context: AuthenticatedContext) throws -> Quota.Subject {
        guard let name = context.parameters.get("principal"), TokenClaims.isUserName(name) else {
            throw Fault(.missing, "Principal not found")
        }
        return Quota.Subject(name) ?? .user(name)
    }

    private func answer(_ standing: Quotas.Status) -> Response {
        let (quota, used, reserved) = (standing.quota, standing.used, standing.reserved)
        var json = JSONWriter()
        json.object { json in
            switch standing.subject {
            case .user(let name): json.field("principal", name)
            case .key(let key): json.field("principal", "key:\(key)")
            }
            json.field("period", quota?.period.rawValue)
            json.part("requests", quota?.requests, used: used.requests, reserved: reserved.requests)
            json.part("tokens", quota?.tokens, used: used.tokens, reserved: reserved.tokens)
            json.object("cost") { json in
                json.field("limit", quota?.cost.map(V1Cost.amount))
                json.field("used", V1Cost.amount(used.cost ?? 0))
                json.field("reserved", V1Cost.amount(reserved.cost ?? 0))
                json.field("unpriced_requests", used.unpricedRequests)
            }
            json.object("concurrent_runs") { json in
                json.field("limit", quota?.concurrentRuns)
                json.field("used", reserved.requests)
            }
            json.field("resets_at", V1Timestamp.text(standing.resetsAt))
        }
        return V1Response.json(json)
    }
}

extension JSONWriter {
    fileprivate mutating func part(_ name: StaticString, _ limit: Int?, used: Int, reserved: Int) {
        object(name) { json in
            json.field("limit", limit)
            json.field("used", used)
            json.field("reserved", reserved)
        }
    }
}
