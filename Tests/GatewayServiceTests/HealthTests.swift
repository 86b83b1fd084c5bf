import Contracts
import Foundation
import NIOHTTP1
import ServiceKit
import TestSupport
import Testing

@testable import GatewayService

@Suite(.timeLimit(.minutes(5)))
struct HealthTests {
    /// An unused port; a port that was free before may be used by another test.
    private let nobody = "http://127.0.0.1:1"

    @Test func `with all services up the gateway is healthy, in the seed's format`() async throws {
        try await TestGateway.with { gateway in
            // On a busy machine a service may be down for a second.
            try await eventually("Health") { try await gateway.ask(.GET, "/health", token: nil).status == 200 }
            let answer = try await gateway.ask(.GET, "/health", token: nil)
            let json = try answer.json
            #expect(json["status"] as? String == "healthy")
            #expect((json["timestamp"] as? String)?.hasSuffix("Z") == true)
            let services = try #require(json["services"] as? [String: [String: Any]])
            let database = try #require(services["database"])
            #expect(Set(database.keys) == ["status", "latency_ms", "error", "pool_size", "pool_free"])
            #expect(database["status"] as? String == "up")
            #expect(services["inference"]?["status"] as? String == "up")
            let models = try #require(services["gemini_api"])
            #expect(models["status"] as? String == "up" && models.keys == database.keys)
            let order = [
                "\"status\":\"healthy\"", "\"timestamp\":",
                "\"services\":{\"database\":{\"status\":\"up\",\"latency_ms\":",
            ]
            var rest = answer.body[...]
            for part in order {
                let found = try #require(rest.range(of: part), "\(part)")
                rest = rest[found.upperBound...]
            }
            #expect(try await gateway.ask(.GET, "/readyz", token: nil).status == 200)
        }
    }

    @Test func `HEAD is answered like GET without a body`() async throws {
        try await TestGateway.with { gateway in
            for path in ["/", "/api/v1/influencers"] {
                let answer = try await gateway.ask(.HEAD, path, token: nil)
                #expect(answer.status == 200)
                #expect(answer.body.isEmpty)
            }
            let missing = try await gateway.ask(.HEAD, "/nowhere", token: nil)
            #expect(missing.status == 404)
        }
    }

    @Test func `without a required service the gateway is unhealthy and names it`() async throws {
        for (setting, name) in [("CONVERSATION_URL", "database"), ("INFERENCE_URL", "inference")] {
            try await TestGateway.with([setting: nobody]) { gateway in
                let answer = try await gateway.ask(.GET, "/health", token: nil)
                #expect(answer.status == 503)
                let json = try answer.json
                #expect(json["status"] as? String == "unhealthy")
                let services = try #require(json["services"] as? [String: [String: Any]])
                #expect(services[name]?["status"] as? String == "down")
                #expect(try await gateway.ask(.GET, "/readyz", token: nil).status == 503)
            }
        }
    }

    @Test func `one ready replica is enough`() async throws {
        let services = ScriptedServices()
        let unit = ServiceUnit.bus(table: services.table, host: "127.0.0.1", port: 0, token: TestGateway.busToken)
        try await withRunning(unit) { port in
            try await TestGateway.with(["CONVERSATION_URL": "\(nobody),http://127.0.0.1:\(port)"]) { gateway in
                try await eventually("Health") { try await gateway.ask(.GET, "/health", token: nil).status == 200 }
            }
        }
    }

    @Test func `media and transcription are optional`() async throws {
        try await TestGateway.with(["MEDIA_URL": nobody, "TRANSCRIPTION_URL": nobody]) { gateway in
            try await eventually("Health") { try await gateway.ask(.GET, "/health", token: nil).status == 200 }
        }
    }

    @Test func `an unreachable service is a 503 with Retry-After`() async throws {
        try await TestGateway.with(["CONVERSATION_URL": nobody]) { gateway in
            let answer = try await gateway.ask(.GET, "\(Sample.path)/messages")
            #expect(answer.status == 503)
            #expect(answer.isEnvelope)
            #expect(answer.headers.first(name: "retry-after") != nil)
        }
    }

    @Test func `the status has the seed's format`() async throws {
        try await TestGateway.with { gateway in
            let status = try await gateway.ask(.GET, "/status", token: nil)
            let statistics = try #require(try status.json["statistics"] as? [String: Int])
            let order = ["service", "version", "environment", "uptime_seconds", "database", "statistics", "timestamp"]
            var rest = status.body[...]
            for name in order {
                let found = try #require(rest.range(of: "\"\(name)\":"), "\(name)")
                rest = rest[found.upperBound...]
            }
            let database = try #require(try status.json["database"] as? [String: Any])
            #expect(Set(database.keys) == ["connected", "pool_size", "active_connections"])
            #expect(database["connected"] as? Bool == true)
            #expect(statistics == ["total_conversations": 1, "total_messages": 2, "active_influencers": 3])
        }
    }

    @Test(arguments: [
        (1_764_054_205_123_456, "2025-11-25T07:03:25.123456Z"), (0, "1970-01-01T00:00:00.000000Z"),
        (-1, "1969-12-31T23:59:59.999999Z"), (951_782_400_000_001, "2000-02-29T00:00:00.000001Z"),
        (1_709_164_799_999_999, "2024-02-28T23:59:59.999999Z"), (1_709_251_200_000_000, "2024-03-01T00:00:00.000000Z"),
        (4_107_542_399_000_000, "2100-02-28T23:59:59.000000Z"), (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
    ])
    func `a time has the documented format`(_ microseconds: Int64, _ text: String) {
        #expect(V1Timestamp.text(Timestamp(microseconds: microseconds)) == text)
    }

    @Test(arguments: [Int64.min, .min / 2, .max / 2, .max])
    func `extreme times do not trap`(_ microseconds: Int64) {
        #expect(V1Timestamp.text(Timestamp(microseconds: microseconds)).hasSuffix("Z"))
    }
}
