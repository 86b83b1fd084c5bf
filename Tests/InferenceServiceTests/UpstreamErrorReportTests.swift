import Bus
import Contracts
import TestSupport
import Testing

@testable import InferenceService

/// Errors within a response with status 200, in the spellings of servers: they mean what they would mean as a status.
@Suite(.timeLimit(.minutes(5))) struct UpstreamErrorReportTests {
    private typealias Row = ReportRow

    private static let long =
        "This model's maximum context length is 163840 tokens. However, you requested 170000 tokens."
    private static let throttled = #"{"code":"Throttling.AllocationQuota","message":"Allocated quota exceeded"}"#

    /// The spellings of one error: a context that is too long, which no retry can help.
    private static let bodies: [String] = [
        #"{"choices":null,"error_type":"BadRequestError","error_message":"\#(long)"}"#,
        #"{"error":{"message":"\#(long)","type":"BadRequestError","param":null,"code":400}}"#,
        #"{"error":"\#(long)"}"#, #"{"error":["\#(long)"]}"#, #"{"error":[{"message":"\#(long)"}]}"#,
        #"[{"error":{"message":"\#(long)","code":"400"}}]"#,
        #"{"object":"error","message":"\#(long)","type":"BadRequestError","param":null,"code":400}"#,
        #"{"code":"InvalidParameter","message":"\#(long)","request_id":"1"}"#, #"{"code":20015,"msg":"\#(long)"}"#,
        #"{"detail":"\#(long)"}"#, #"{"detail":{"error":{"message":"\#(long)"}}}"#,
        #"{"detail":[{"type":"value_error","loc":["body","messages"],"msg":"\#(long)","input":[]}]}"#,
        #"{"msg":"\#(long)","choices":[]}"#, #"{"errors":[{"message":"\#(long)"}]}"#, #"{"errors":["\#(long)"]}"#,
        #"{"error":{"error":{"message":"\#(long)","code":""}}}"#, #"{"type":"error","error":{"message":"\#(long)"}}"#,
        #"{"success":false,"result":null,"message":"\#(long)"}"#, #"{"Code":"BadRequest","Message":"\#(long)"}"#,
        #"{"error":{"message":"{\"error\":{\"message\":\"\#(long)\"}}"}}"#,
        #"{"error":{"message":"Provider returned error","code":400,"metadata":{"raw":"{\"message\":\"\#(long)\"}"}}}"#,
        #"{"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error","error":{"message":"\#(long)"}}]}"#,
        #"{"fault":{"faultstring":"\#(long)","detail":{"errorcode":"x"}}}"#,
        #"{"Response":{"Error":{"Code":"InvalidParameter","Message":"\#(long)"},"RequestId":"1"}}"#,
        #"{"base_resp":{"status_code":1039,"status_msg":"\#(long)"},"choices":null}"#,
    ]

    private static let spellings: [Row] = bodies.enumerated().flatMap { (number: Int, body: String) -> [Row] in
        let lines = "\(body.prefix(1))\n\(body.dropFirst().dropLast())\n\(body.suffix(1))\n"
        let answers: [(String, FakeResponse)] = [
            ("as an event", .events([body], isDone: false)), ("before the mark of the end", .events(body)),
            ("as a response", .json(body)), ("over several lines", .json(lines)),
            ("as an event of the kind error", .labelled("event: error\ndata: \(body)\n\n", "text/event-stream")),
        ]
        return answers.map { name, answer in
            Row(
                "spelling \(number) \(name)",
                answer,
                code: .contextTooLong,
                says: "maximum context length is 163840"
            )
        }
    }

    private static let others: [Row] = [
        Row(
            "a limit in the fields of events",
            .labelled("id:1\nevent:error\n:HTTP_STATUS/429\ndata:\(throttled)\n\n", "text/event-stream"),
            code: .limited,
            says: "Allocated quota exceeded.",
            tries: 3
        ),
        Row(
            "a limit without a status",
            .labelled("id:1\nevent:error\ndata:\(throttled)\n\n", "text/event-stream"),
            code: .limited,
            says: "Allocated quota exceeded.",
            tries: 3
        ),
        Row(
            "a limit after a text",
            .labelled(
                "data: \(UpstreamReportTests.text("So "))\n\ndata: \(UpstreamReportTests.text("far"))\n\n"
                    + "id:3\nevent:error\n:HTTP_STATUS/429\ndata:\(throttled)\n\n",
                "text/event-stream"
            ),
            text: "So far",
            code: .limited,
            says: "Allocated quota exceeded."
        ),
        Row(
            "plain words in an event of the kind error",
            .labelled("event: error\ndata: Rate limit exceeded\n\n", "text/event-stream"),
            code: .limited,
            says: "Rate limit exceeded.",
            tries: 3
        ),
        Row("plain words as data", .events("Invalid API key provided"), code: .upstreamAuth, says: "Invalid API key"),
        Row(
            "plain words alone",
            .labelled("no healthy upstream", "text/plain"),
            code: .unavailable,
            says: "no healthy",
            tries: 3
        ),
        Row(
            "spent credit",
            .json(#"{"error":{"message":"Insufficient balance","code":"1113"}}"#),
            code: .quotaExceeded,
            says: "Insufficient balance."
        ),
        Row(
            "a missing model",
            .json(#"{"error":{"message":"No such model: m","type":"model_not_found"}}"#),
            code: .missing,
            says: "No such model: m."
        ),
        Row(
            "a message and a code beside an answer",
            .events(
                #"{"code":20000,"message":"in progress","choices":[{"index":0,"delta":{"content":"Hi"}}]}"#,
                #"{"code":"x","msg":"done","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#,
                UpstreamReportTests.end("stop")
            ),
            text: "Hi",
            finish: .stop
        ),
        Row(
            "a state that is no error",
            .events(
                #"{"status":"queued","message":"Wait."}"#,
                #"{"type":"ping"}"#,
                "ping",
                UpstreamReportTests.text("Hi"),
                UpstreamReportTests.end("stop")
            ),
            text: "Hi",
            finish: .stop
        ),
    ]

    // MARK: No API

    private static let page = "<!DOCTYPE html>\n<html><head><title>Welcome</title></head><body>It works</body></html>"

    private static let pages: [Row] = {
        let labels: [(Int, String?)] = [
            (200, "text/html"), (200, "application/json"), (200, nil), (200, "text/event-stream"),
            (404, "text/html; charset=utf-8"),
            (405, "text/html"),
        ]
        let pages = labels.map { (status: Int, type: String?) -> Row in
            Row(
                "a page with status \(status) as \(type ?? "nothing")",
                .labelled((status == 200 ? "\u{FEFF}\n" : "") + page, type, status: status),
                code: .provider,
                says: "No API answered at the address of openai",
                hides: "html"
            )
        }
        let paths: [(String, Int)] = [
            (#"{"detail":"Not Found"}"#, 404),
            (#"{"error":"Unexpected endpoint or method. (POST /chat/completions)"}"#, 200),
        ]
        return pages
            + paths.map { (body: String, status: Int) -> Row in
                Row(body, .labelled(body, "application/json", status: status), code: .provider, says: "No API answered")
            }
    }()

    // MARK: Content encodings

    private static let whole = UpstreamReportTests.chunk(#""message":{"content":"Hello"},"finish_reason":"stop""#)

    private static let compressed: [Row] = Compression.allCases.flatMap { (format: Compression) -> [Row] in
        let stream = [UpstreamReportTests.text("Hel"), UpstreamReportTests.text("lo"), UpstreamReportTests.end("stop")]
        let frames = format.compress(pieces: stream.map { "data: \($0)\n\n" }).flatMap { $0 }
        let error = format.compress(#"{"error":{"message":"\#(long)"}}"#)
        let header = ["Content-Encoding: \(format.label)"]
        return [
            Row("a stream in \(format)", .labelled(frames, nil, headers: header), text: "Hello", finish: .stop),
            Row(
                "an answer in \(format)",
                .labelled(format.compress(whole), "application/json", headers: header),
                text: "Hello",
                finish: .stop
            ),
            Row(
                "an error in \(format)",
                .labelled(error, "application/json", status: 400, headers: header),
                code: .contextTooLong,
                says: "maximum context length"
            ),
        ]
    }

    private static let encodings: [Row] = [
        Row("gzip without a label", .labelled(Compression.gzip.compress(whole), nil), text: "Hello", finish: .stop),
        Row(
            "an answer in br",
            .labelled([0x8B, 0x02, 0x80], "application/json", headers: ["Content-Encoding: br"]),
            code: .provider,
            says: "content encoding br"
        ),
        Row(
            "an answer in zstd",
            .labelled([0x28, 0xB5, 0x2F, 0xFD, 0], nil, headers: ["content-encoding: ZSTD"]),
            code: .provider,
            says: "content encoding zstd"
        ),
        Row(
            "an error in br",
            .labelled([0x8B, 0x02, 0x80], nil, status: 400, headers: ["Content-Encoding: br"]),
            code: .rejected,
            says: "content encoding br"
        ),
        Row(
            "a small answer that decompresses to a large one",
            .labelled(
                Compression.gzip.compress(String(repeating: " ", count: 40_000_000)),
                nil,
                headers: ["Content-Encoding: gzip"]
            ),
            code: .provider,
            says: "PROVIDER_EVENT_LIMIT"
        ),
    ]

    @Test(arguments: spellings + others)
    func `an error means what it would mean as a status`(_ row: ReportRow) async throws {
        try await row.check()
    }

    @Test(arguments: pages)
    func `a page of a web server is no answer of an API`(_ row: ReportRow) async throws {
        try await row.check()
    }

    @Test(arguments: compressed + encodings)
    func `compressed responses are understood, or named`(_ row: ReportRow) async throws {
        try await row.check()
    }

    @Test(arguments: FakeDialect.allCases)
    func `pages and compressed responses are the same in every dialect`(_ dialect: FakeDialect) async throws {
        try await dialect.withServer { server in
            let mark = dialect == .ollama ? "" : "data: "
            let frames = [dialect.text("Hello"), dialect.text(" there."), dialect.last].map { mark + $0 + "\n\n" }
            let gzip = Compression.gzip.compress(frames.joined())
            server.next(dialect.path, .labelled(gzip, nil, headers: ["Content-Encoding: gzip"]))
            server.next(dialect.path, .labelled(Self.page, "text/html"))
            let provider = try dialect.provider(at: server.url, client: Upstream.nobody.client)
            let catalogue = Catalogue(providers: [provider], defaultModel: nil)
            let runtime = ProviderRuntime(
                provider: provider,
                limits: GenerationTimeouts(),
                concurrency: 8,
                queueLimit: 8
            )
            let retries = RetryPolicy(limit: 2, firstPause: .milliseconds(1))
            let routing = Routing(catalogue: catalogue, runtimes: [runtime], retries: retries)
            let outcome = try await routing.outcome(question(model: dialect.model))
            #expect(outcome.text == "Hello there.")
            #expect(outcome.finish?.reason == .stop)
            let fault = try await routing.outcome(question(model: dialect.model)).fault
            #expect(fault?.message.contains("No API answered at the address of \(dialect.provider)") == true)
            #expect(server.requests(dialect.path).count == 2)
            #expect(server.requests(dialect.path).allSatisfy { $0.headers["accept-encoding"] == "identity" })
        }
    }

    @Test func `lists of models are understood compressed, and as a page are named`() async throws {
        try await withFakeOpenAI { openAI in
            let list = #"{"object":"list","data":[{"id":"m-1","object":"model"}]}"#
            let gzip = FakeResponse.labelled(
                Compression.gzip.compress(list),
                "application/json",
                headers: ["Content-Encoding: gzip"]
            )
            openAI.always("/v1/models", gzip)
            let catalogue = try compatibleRouting(to: openAI.url).catalogue
            await catalogue.refresh()
            #expect(catalogue.reports.first { $0.name == "openai" }?.models.map(\.name) == ["openai/m-1"])
            openAI.always("/v1/models", .labelled(Self.page, "text/html"))
            let other = try compatibleRouting(to: openAI.url).catalogue
            await other.refresh()
            let report = try #require(other.reports.first { $0.name == "openai" })
            #expect(report.models.isEmpty)
        }
    }
}
