import Bus
import Contracts
import HTTP
import ServiceKit
import TestSupport

/// Endpoints for the tests of the bus.
enum Samples {
    struct Echo: Endpoint, Equatable {
        static let path = "/samples/echo"
        static let isIdempotent = true
        typealias Response = Echo
        var text: String
    }

    /// Not idempotent.
    struct Add: Endpoint {
        static let path = "/samples/add"
        typealias Response = Int
        var number: Int
    }

    struct Wait: Endpoint {
        static let path = "/samples/wait"
        typealias Response = Done
    }

    struct Whoami: Endpoint {
        static let path = "/samples/whoami"
        typealias Response = Answer

        struct Answer: Codable, Sendable {
            var user: String?
            var requestID: String
            var traceparent: String
            var milliseconds: Int64?
        }
    }

    struct CountUp: StreamingEndpoint {
        static let path = "/samples/count"
        typealias Element = Int
        var to: Int
    }

    static let token = "a-secret-of-the-bus-for-the-tests-only"

    /// Runs a service with an endpoint table; calls `body` with a bus to it and its port.
    static func serving<Value>(
        _ table: EndpointTable,
        _ body: (HTTPBus, Int) async throws -> Value
    ) async throws -> Value {
        let unit = ServiceUnit.bus(table: table, host: "127.0.0.1", port: 0, token: token)
        return try await withRunning(unit) { port in
            try await body(bus(port: port), port)
        }
    }

    static func bus(port: Int, token: String = token) throws -> HTTPBus {
        try HTTPBus(peer: "sample-svc", urls: ["http://127.0.0.1:\(port)"], token: token, client: HTTPClient())
    }
}
