import Bus
import Contracts
import Foundation
import HTTP
import TestSupport
import Testing

/// `kill -9` of inference-svc, a process of its own, while the gateway answers by `/v1`.
@Suite(.timeLimit(.minutes(2)))
struct InferenceKillTests {
    @Test func `who is in the middle of an answer is told of an error, and the next one is answered`() async throws {
        try await withKillable { killable in
            let alice = try await killable.join("alice")
            killable.provider.next(nil, killable.dialect.half)
            let told = try await alice.ask("Hello?", upTo: "Hello") { killable.kill() }
            #expect(told == Told(text: "Hello", isFinished: false, fault: "upstream_error"))
            #expect(killable.provider.requests(killable.dialect.path).count == 1, "Nothing is asked for again.")
            let (status, body) = try await alice.askWhole("Are you there?")
            #expect(status == 503)
            #expect(try openAIErrorCode(body) == "unavailable")
            // The answer that broke off is estimated by its text; where nobody could be asked, nothing is counted.
            let usage = try await killable.usage(of: "alice", requests: 1)
            #expect(usage.completionTokens == "Hello".utf8.count / 3 + 4)
            #expect(usage.promptTokens > 4)
            #expect(usage.estimatedTokens == usage.tokens)
            try await killable.start()
            let next = try await alice.ask("Hello?")
            #expect(next == Told(text: "Hello there.", isFinished: true))
            _ = try await killable.usage(of: "alice", requests: 2)
        }
    }

    @Test func `who waits for the first word is told of an error with a status`() async throws {
        try await withKillable { killable in
            let bob = try await killable.join("bob")
            let silent = killable.dialect.whole.cut(after: killable.dialect.whole.headLength, .stall)
            killable.provider.next(nil, silent)
            async let answer = bob.askWhole("Hello?")
            try await eventually { killable.provider.requests(killable.dialect.path).count == 1 }
            killable.kill()
            let (status, body) = try await answer
            #expect(status == 502)
            #expect(try openAIErrorCode(body) == "upstream_error")
            try await eventually("The provider is left") {
                killable.provider.requests(killable.dialect.path).allSatisfy(\.isAbandoned)
            }
        }
    }

    private func withKillable(_ body: (KillableInference) async throws -> Void) async throws {
        let dialect = FakeDialect.openAI
        try await dialect.withServer { provider in
            provider.always(dialect.path, dialect.whole)
            let url = try await unreachableURL()
            var settings = GatewayClient.settings(dialect, provider.url)
            settings["INFERENCE_URL"] = url
            try await House.with(settings: settings) { house in
                let killable = KillableInference(
                    dialect: dialect,
                    provider: provider,
                    house: house,
                    url: url,
                    settings: settings
                )
                defer { killable.kill() }
                try await killable.start()
                try await body(killable)
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

/// A house whose inference-svc is a process of its own, always at the same address.
private final class KillableInference {
    let dialect: FakeDialect
    let provider: FakeServer
    private let house: House
    private let url: String
    private let settings: [String: String]
    private var process: ServiceProcess?

    init(dialect: FakeDialect, provider: FakeServer, house: House, url: String, settings: [String: String]) {
        self.dialect = dialect
        self.provider = provider
        self.house = house
        self.url = url
        self.settings = settings
    }

    /// Starts it, and returns when it is ready.
    func start() async throws {
        let port = url.split(separator: ":").last.map(String.init)
        process = try ServiceProcess(
            "inference-svc",
            settings: settings.merging(["INFERENCE_PORT": port ?? "", "BUS_TOKEN": House.token]) { $1 }
        )
        let client = HTTPClient()
        try await eventually("inference-svc is ready", within: .seconds(30)) {
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

    /// Somebody new who asks by `/v1`.
    func join(_ user: String) async throws -> GatewayClient {
        try #require(try await GatewayClient.join(house, dialect, as: user).first { $0.surface == .openAI })
    }

    /// What a user has taken, once so many calls are counted.
    func usage(of user: String, requests: Int) async throws -> Usage.Tally {
        let bus = try house.conversationBus
        let today = Day(.now())
        let report = Usage.Report(from: Day(number: today.number - 1), to: today, groups: [])
        var total = Usage.Tally()
        try await eventually("\(requests) calls are counted") {
            total = try await bus.call(report, CallContext(principal: Principal(user: user))).total
            return total.requests >= requests
        }
        #expect(total.requests == requests)
        return total
    }
}
