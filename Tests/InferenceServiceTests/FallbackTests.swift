import Bus
import Contracts
import HTTP
import TestSupport
import Testing

@testable import InferenceService

/// Faults of a first provider that a fallback makes good, over real sockets.
@Suite(.timeLimit(.minutes(5))) struct FallbackTests {
    private static let trial = "demo/demo"
    private static let brief = GenerationTimeouts(firstToken: .milliseconds(150))

    /// Routing to a server of a dialect, with the built-in model as its fallback; only the first has short timeouts.
    private func routing(
        _ dialect: FakeDialect,
        at url: String,
        limits: GenerationTimeouts = GenerationTimeouts(),
        fallbacks: [String]? = nil,
        retries: Int = 0
    ) throws -> Routing {
        let client = HTTPClient(configuration: HTTPClient.Configuration(connectTimeout: .seconds(20)))
        let providers: [any Provider] = [try dialect.provider(at: url, client: client), DemoProvider(pace: .zero)]
        return Routing(
            catalogue: Catalogue(providers: providers, defaultModel: nil),
            runtimes: providers.map { provider in
                ProviderRuntime(
                    provider: provider,
                    limits: provider is DemoProvider ? GenerationTimeouts() : limits,
                    concurrency: 8,
                    queueLimit: 8
                )
            },
            fallbacks: [dialect.model: fallbacks ?? [Self.trial]],
            retries: RetryPolicy(limit: retries, firstPause: .milliseconds(1))
        )
    }

    @Test(arguments: FakeDialect.allCases, [false, true])
    func `a hung server is asked once, and the fallback answers`(_ dialect: FakeDialect, isWhole: Bool) async throws {
        try await dialect.withServer { server in
            server.always(dialect.path, dialect.whole.cut(after: dialect.whole.headLength, .stall))
            let routing = try routing(dialect, at: server.url, limits: Self.brief, retries: 2)
            let request = try GenerationRequest(question(model: dialect.model))
            let answer: (model: String?, attempts: [Attempt]?)
            if isWhole {
                let whole = try await routing.complete(request, CallContext())
                answer = (whole.finish.model, whole.begin.attempts)
            } else {
                let outcome = try await routing.outcome(question(model: dialect.model))
                answer = (outcome.finish?.model, outcome.attempts)
            }
            #expect(answer.model == Self.trial)
            #expect(answer.attempts?.map(\.cause) == ["silent", nil])
            #expect(server.requests(dialect.path).count == 1)
        }
    }

    @Test(arguments: FakeDialect.allCases)
    func `a hung server leaves its fallback a share of the deadline`(_ dialect: FakeDialect) async throws {
        try await dialect.withServer { server in
            server.always(dialect.path, dialect.whole.cut(after: 0, .stall))
            var context = CallContext()
            context.deadline = .now + .seconds(4)
            let outcome = try await routing(dialect, at: server.url).outcome(question(model: dialect.model), context)
            #expect(outcome.finish?.model == Self.trial)
        }
    }

    @Test func `keep-alive comments are no first token`() async throws {
        let comments = FakeResponse.openAIStream(Array(repeating: "", count: 3000), isDone: false)
        let head = String(decoding: comments.bytes.prefix(comments.headLength), as: UTF8.self)
        let chunk = "d\r\n: keep-alive\n\r\n"
        let answer = FakeResponse(head: head, body: String(repeating: chunk, count: 3000).utf8)
        try await FakeDialect.openAI.withServer { server in
            let step = chunk.utf8.count
            server.always(
                nil,
                answer.split(
                    at: (1...3000).map { answer.headLength + $0 * step },
                    pause: .milliseconds(20)
                )
            )
            let outcome = try await routing(.openAI, at: server.url, limits: Self.brief)
                .outcome(question(model: FakeDialect.openAI.model))
            #expect(outcome.finish?.model == Self.trial)
            #expect(outcome.attempts?.first?.cause == "silent")
        }
    }

    @Test(arguments: FakeDialect.allCases)
    func `frames without content are no token in the middle either`(_ dialect: FakeDialect) async throws {
        try await dialect.withServer { server in
            let frames = [dialect.text("Hello")] + Array(repeating: dialect.text(""), count: 2000)
            server.always(dialect.path, dialect.stream(frames).lineByLine(pause: .milliseconds(20)))
            let limits = GenerationTimeouts(gap: .milliseconds(300))
            let outcome = try await routing(dialect, at: server.url, limits: limits)
                .outcome(question(model: dialect.model))
            #expect(outcome.text == "Hello")
            #expect(outcome.fault?.code == .timeout)
        }
    }

    @Test(arguments: FakeDialect.allCases)
    func `an empty answer goes to the next target, and without one it is an error`(
        _ dialect: FakeDialect
    ) async throws {
        try await dialect.withServer { server in
            server.always(dialect.path, dialect.stream(dialect.last))
            let request = question(model: dialect.model)
            let outcome = try await routing(dialect, at: server.url).outcome(request)
            #expect(outcome.finish?.model == Self.trial)
            let alone = try await routing(dialect, at: server.url, fallbacks: []).outcome(request)
            #expect(alone.fault?.code == .provider)
            #expect(alone.fault?.attempts?.first?.cause == "empty")
            #expect(alone.finish == nil)
        }
    }

    @Test(arguments: FakeDialect.allCases)
    func `answers that break off open the breaker, and complete ones do not`(_ dialect: FakeDialect) async throws {
        try await dialect.withServer { server in
            let request = question(model: dialect.model)
            let routing = try routing(dialect, at: server.url, fallbacks: [])
            server.always(dialect.path, dialect.stream(dialect.text("Hello")))
            for _ in 0..<5 { #expect(try await routing.outcome(request).fault?.code == .cut) }
            let refused = try await routing.outcome(request)
            #expect(refused.fault?.attempts?.map(\.outcome) == [.skipped])
            server.always(dialect.path, dialect.whole)
            try await eventually { try await routing.outcome(request).text == "Hello there." }
            for _ in 0..<10 { #expect(try await routing.outcome(request).finish?.reason == .stop) }
        }
    }

    @Test(arguments: FakeDialect.allCases)
    func `what comes after the end cannot fail a complete answer`(_ dialect: FakeDialect) async throws {
        try await dialect.withServer { server in
            for ending in [FakeResponse.Ending.reset, .close, .stall] {
                let whole = dialect.whole
                server.always(dialect.path, whole.cut(after: whole.bytes.count - 5, ending))
                let limits = GenerationTimeouts(settling: .milliseconds(100))
                let outcome = try await routing(dialect, at: server.url, limits: limits, fallbacks: [])
                    .outcome(question(model: dialect.model))
                #expect(outcome.text == "Hello there.")
                #expect(outcome.finish?.reason == .stop)
                #expect(outcome.fault == nil)
            }
        }
    }
}
