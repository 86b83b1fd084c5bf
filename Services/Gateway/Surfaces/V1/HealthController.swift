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
    let mode: AuthenticationMode
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
                    json.object(state.name) { $0.members(of: state) }
                    // The seed's name for the models.
                    if state.name.description == "inference" { json.object("gemini_api") { $0.members(of: state) } }
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
            json.field("environment", mode == .required ? "production" : "development")
            json.field("uptime_seconds", Int((ContinuousClock.now - started).components.seconds))
            json.object("database") { json in
                json.field("connected", isUp)
                // Members without a meaning here, which the seed's clients expect.
                json.null("pool_size")
                json.null("active_connections")
            }
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

extension JSONWriter {
    fileprivate mutating func members(of state: PeerHealth.State) {
        field("status", state.fault == nil ? "up" : "down")
        field("latency_ms", state.fault == nil ? state.milliseconds : nil)
        field("error", state.fault)
        // Members without a meaning here, which the seed's clients expect.
        null("pool_size")
        null("pool_free")
    }
}

/// The version of Parley.
enum Version {
    static let text = "0.1.0"
}
