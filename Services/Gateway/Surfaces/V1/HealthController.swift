import Bus
import Contracts
import HTTP
import JSON
import NIOHTTP1
import Synchronization

/// `/health` and `/status`, in the format of seed 003.
struct HealthController: Sendable {
    let conversations: any Bus
    let peers: PeerHealth
    let started = ContinuousClock.now

    /// Returns 503 if conversation-svc or inference-svc is not ready.
    func health(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let states = await peers.states()
        let isHealthy = states.allSatisfy { !$0.isRequired || $0.fault == nil }
        var json = JSONWriter()
        json.object { json in
            json.field("status", isHealthy ? "healthy" : "unhealthy")
            json.field("timestamp", V1Timestamp.text(.now()))
            json.object("services") { json in
                for state in states {
                    json.object(state.name) { json in
                        json.field("status", state.fault == nil ? "up" : "down")
                        json.field("latency_ms", state.fault == nil ? state.milliseconds : nil)
                        json.field("error", state.fault)
                        // Members without a meaning here, which the seed's clients expect.
                        json.null("pool_size")
                        json.null("pool_free")
                    }
                }
            }
        }
        return V1Response.json(json, status: isHealthy ? .ok : .serviceUnavailable)
    }

    func status(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let states = await peers.states()
        let isUp = states.first { $0.name.description == "database" }?.fault == nil
        let counted = isUp ? try await conversations.call(Conversations.Count(), context.call()) : nil
        var json = JSONWriter()
        json.object { json in
            json.field("service", "Parley")
            json.field("version", Version.text)
            json.field("uptime_seconds", Int((ContinuousClock.now - started).components.seconds))
            json.object("database") { $0.field("connected", isUp) }
            json.object("statistics") { json in
                json.field("total_conversations", counted?.conversations)
                json.field("total_messages", counted?.messages)
                json.field("active_influencers", counted?.activePersonas)
            }
            json.field("timestamp", V1Timestamp.text(.now()))
        }
        return V1Response.json(json)
    }
}

/// The version of Parley.
enum Version {
    static let text = "0.1.0"
}
