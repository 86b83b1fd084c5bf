import Bus
import Contracts
import Foundation
import HTTP
import TestSupport
import Testing

/// `SIGKILL` of inference-svc in a separate process during requests to `/v1`.
@Suite(.timeLimit(.minutes(5)))
struct InferenceKillTests {
    @Test func `a stream in progress ends with an error, and a later request succeeds`() async throws {
        try await withInferenceProcess { inference in
            let alice = try await inference.join("alice")
            inference.provider.next(nil, inference.dialect.half)
            let received = try await alice.ask("Hello?", upTo: "Hello") { inference.kill() }
            #expect(received == ReceivedAnswer(text: "Hello", isFinished: false, fault: "upstream_error"))
            #expect(inference.provider.requests(inference.dialect.path).count == 1, "The request is not repeated.")
            let (status, body) = try await alice.askWhole("Are you there?")
            #expect(status == 503)
            #expect(try openAIErrorCode(body) == "unavailable")
            // The truncated answer is counted with an estimate; the failed call is not counted.
            let usage = try await inference.usage(of: "alice", requests: 1)
            #expect(usage.completionTokens == "Hello".utf8.count / 3 + 4)
            #expect(usage.promptTokens > 4)
            #expect(usage.estimatedTokens == usage.tokens)
            try await inference.start()
            let next = try await alice.ask("Hello?")
            #expect(next == ReceivedAnswer(text: "Hello there.", isFinished: true))
            _ = try await inference.usage(of: "alice", requests: 2)
        }
    }

    @Test func `a request without output so far gets an error status`() async throws {
        try await withInferenceProcess { inference in
            let bob = try await inference.join("bob")
            let silent = inference.dialect.whole.cut(after: inference.dialect.whole.headLength, .stall)
            inference.provider.next(nil, silent)
            async let answer = bob.askWhole("Hello?")
            try await eventually { inference.provider.requests(inference.dialect.path).count == 1 }
            inference.kill()
            let (status, body) = try await answer
            #expect(status == 502)
            #expect(try openAIErrorCode(body) == "upstream_error")
            try await eventually("The end of the connection to the provider") {
                inference.provider.requests(inference.dialect.path).allSatisfy(\.isAbandoned)
            }
        }
    }

    private func withInferenceProcess(_ body: (InferenceProcess) async throws -> Void) async throws {
        let dialect = FakeDialect.openAI
        try await dialect.withServer { provider in
            provider.always(dialect.path, dialect.whole)
            let url = try await unreachableURL()
            var settings = GatewayClient.settings(dialect, provider.url)
            settings["INFERENCE_URL"] = url
            try await ServiceStack.with(settings: settings) { stack in
                let inference = InferenceProcess(
                    dialect: dialect,
                    provider: provider,
                    stack: stack,
                    url: url,
                    settings: settings
                )
                defer { inference.kill() }
                try await inference.start()
                try await body(inference)
            }
        }
    }

    private func openAIErrorCode(_ body: String) throws -> String? {
        let object = try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any])
        let error = try #require(object["error"] as? [String: Any])
        #expect(Set(error.keys) == ["message", "type", "param", "code"])
        return error["code"] as? String
    }
}

/// A service stack whose inference-svc is a separate process with a fixed port.
private final class InferenceProcess {
    let dialect: FakeDialect
    let provider: FakeServer
    private let stack: ServiceStack
    private let url: String
    private let settings: [String: String]
    private var process: ServiceProcess?

    init(dialect: FakeDialect, provider: FakeServer, stack: ServiceStack, url: String, settings: [String: String]) {
        self.dialect = dialect
        self.provider = provider
        self.stack = stack
        self.url = url
        self.settings = settings
    }

    /// Starts the process; returns when the service is ready.
    func start() async throws {
        let port = url.split(separator: ":").last.map(String.init)
        process = try ServiceProcess(
            "inference-svc",
            settings: settings.merging(["INFERENCE_PORT": port ?? "", "BUS_TOKEN": ServiceStack.token]) { $1 }
        )
        let client = HTTPClient()
        try await eventually("inference-svc is ready") {
            do {
                return try await client.send(HTTPClient.Request(url: url + "/readyz")).status == 200
            } catch is HTTPClientError {
                return false
            }
        }
    }

    func kill() {
        process?.kill()
    }

    /// Creates a user with a client for `/v1`.
    func join(_ user: String) async throws -> GatewayClient {
        try #require(try await GatewayClient.join(stack, dialect, as: user).first { $0.surface == .openAI })
    }

    /// Returns the usage of a user when it contains this number of requests.
    func usage(of user: String, requests: Int) async throws -> Usage.Total {
        let bus = try stack.conversationBus
        let today = Day(.now())
        let report = Usage.Report(from: Day(number: today.number - 1), to: today, groups: [])
        var total = Usage.Total()
        try await eventually("Usage of \(requests) requests") {
            total = try await bus.call(report, CallContext(principal: Principal(user: user))).total
            return total.requests >= requests
        }
        #expect(total.requests == requests)
        return total
    }
}
