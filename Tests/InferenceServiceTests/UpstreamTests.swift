import Contracts
import TestSupport
import Testing

@testable import InferenceService

/// Every state of a provider in each API over real sockets: the fault, retries, fallbacks, and the circuit breaker.
@Suite(.timeLimit(.minutes(5))) struct UpstreamTests {
    private typealias Row = UpstreamRow

    private static let brief = Duration.milliseconds(120)
    private static let firstTokenBrief = GenerationTimeouts(firstToken: brief)
    private static let gapBrief = GenerationTimeouts(gap: brief)

    /// States before the first token.
    private static let before: [Row] = [
        Row("nobody listens", .nobody, .unavailable, .retry),
        Row("a name that does not resolve", .unknownName, .unavailable, .retry),
        Row("a connection that is neither accepted nor refused", .deaf, .unavailable, .retry),
        Row("accepted, then silence", .saying(.raw("").ending(.stall)), .timeout, .silence, limits: firstTokenBrief),
        Row("accepted and closed", .saying(.raw("")), .cut, .retry),
        Row("accepted and reset", .saying(.raw("").ending(.reset)), .cut, .retry),
        Row("accepted and half-closed", .saying(.raw("").ending(.halfClose)), .cut, .retry),
        Row(
            "https, and a plain server",
            .sayingWithoutTLS(.error(400, "What?").ending(.close)),
            .unavailable,
            .retry,
            says: "does not speak TLS"
        ),
        Row(
            "https, and garbage",
            .sayingWithoutTLS(.raw("\u{1}\u{2}\u{3}").ending(.close)),
            .unavailable,
            .retry,
            says: "does not speak TLS"
        ),
        Row(
            "https, and a wrong certificate",
            .withWrongCertificate,
            .unavailable,
            .retry,
            says: "certificate is not trusted"
        ),
        Row("https, closed", .sayingWithoutTLS(.raw("")), .unavailable, .retry, says: "does not speak TLS"),
        Row("https, reset", .sayingWithoutTLS(.raw("").ending(.reset)), .unavailable, .retry),
        Row(
            "https, then silence",
            .sayingWithoutTLS(.raw("").ending(.stall)),
            .unavailable,
            .retry,
            limits: firstTokenBrief
        ),
        Row("what is no HTTP", .saying(.raw("SSH-2.0-OpenSSH_9.2\r\n")), .provider, .retry),
        Row("half a head, then the end", .saying(.raw("HTTP/1.1 200 O")), .cut, .retry),
        Row(
            "half a head, then silence",
            .saying(.raw("HTTP/1.1 200 O").ending(.stall)),
            .timeout,
            .silence,
            limits: firstTokenBrief
        ),
        Row(
            "a head, then silence",
            .answering { $0.whole.cut(after: $0.whole.headLength, .stall) },
            .timeout,
            .silence,
            limits: firstTokenBrief
        ),
        Row("a head, then the end", .answering { $0.whole.cut(after: $0.whole.headLength) }, .cut, .retry),
        Row(
            "a head, then half-closed",
            .answering { $0.whole.cut(after: $0.whole.headLength, .halfClose) },
            .cut,
            .retry
        ),
        Row("a proper end and no answer", .answering { $0.stream() }, .cut, .retry),
        Row(
            "an error in the answer's place",
            .answering { $0.stream($0.failure("It broke.")) },
            .provider,
            .retry,
            geminiCode: .unavailable
        ),
        Row(
            "a frame that is not JSON",
            .answering { $0.stream("{nonsense") },
            .provider,
            .tryAnotherModel(isOutage: false)
        ),
    ]

    /// A status instead of an answer.
    private static let statuses: [Row] = [
        status(408, .unavailable, .retry), status(409, .unavailable, .retry), status(425, .unavailable, .retry),
        status(500, .unavailable, .retry), status(502, .unavailable, .retry), status(503, .unavailable, .retry),
        status(504, .unavailable, .retry), status(529, .unavailable, .retry),
        status(429, .limited, .retryWithoutOutage),
        status(429, .limited, .retryWithoutOutage, "Retry-After: 0"),
        status(429, .limited, .retryWithoutOutage, "Retry-After: Sat, 21 Nov 2020 08:00:00 GMT"),
        status(429, .limited, .retryWithoutOutage, "Retry-After-Ms: 2"),
        status(429, .limited, .retryWithoutOutage, "Retry-After: -1"),
        status(429, .limited, .retryWithoutOutage, "Retry-After: 99999999999"),
        status(429, .limited, .tryAnotherModel(isOutage: false), "Retry-After: 61"),
        status(503, .unavailable, .tryAnotherModel(isOutage: true), "Retry-After: 61"),
        status(400, .rejected, .none), status(401, .upstreamAuth, .tryAnotherModel(isOutage: false)),
        status(403, .upstreamAuth, .tryAnotherModel(isOutage: false)),
        status(404, .missing, .tryAnotherModel(isOutage: false)), status(413, .tooLarge, .none),
        status(422, .rejected, .none),
        Row(
            "status 400: the messages are too long",
            .answering { $0.error(400, "The input token count exceeds the maximum context length.") },
            .contextTooLong,
            .tryAnotherModel(isOutage: false)
        ),
        redirect(301), redirect(302), redirect(303), redirect(307), redirect(308),
    ]

    /// States after the first token.
    private static let after: [Row] = [
        Row("closed in the middle", .answering { $0.half.ending(.close) }, .cut, .brokenOff, text: "Hello"),
        Row("half-closed in the middle", .answering { $0.half.ending(.halfClose) }, .cut, .brokenOff, text: "Hello"),
        Row("reset in the middle", .answering { $0.half.resetLater }, .cut, .brokenOff, text: "Hello"),
        Row("silence in the middle", .answering(\.half), .timeout, .brokenOff, text: "Hello", limits: gapBrief),
        Row(
            "no end",
            .answering { dialect in
                dialect.stream([dialect.text("Hello")] + Array(repeating: dialect.text(""), count: 1000))
                    .lineByLine(pause: .milliseconds(20))
            },
            .timeout,
            .brokenOff,
            text: "Hello",
            limits: GenerationTimeouts(whole: .seconds(5))
        ),
        Row(
            "a proper end without the last word",
            .answering { $0.stream($0.text("Hello")) },
            .cut,
            .brokenOff,
            text: "Hello"
        ),
        Row(
            "an error frame",
            .answering { $0.stream($0.text("Hello"), $0.failure("It broke.")) },
            .provider,
            .brokenOff,
            text: "Hello",
            geminiCode: .unavailable
        ),
        Row(
            "a frame of nonsense",
            .answering { $0.stream($0.text("Hello"), "{nonsense") },
            .provider,
            .none,
            text: "Hello"
        ),
        Row(
            "a chunk that is none",
            .answering { $0.half.followedLater(by: "zz\r\n") },
            .cut,
            .brokenOff,
            text: "Hello"
        ),
        Row(
            "a frame of an unknown kind",
            .answering {
                $0.stream($0.text("Hello"), #"{"news":{"of":["another","kind"]}}"#, $0.text(" there."), $0.last)
            },
            nil,
            .none,
            text: "Hello there.",
            finish: .stop
        ),
        Row(
            "an answer that is withheld",
            .answering { $0.stream($0.text("Hello"), $0.withheld) },
            nil,
            .none,
            text: "Hello",
            finish: .contentFilter,
            dialects: [.openAI, .gemini]
        ),
        Row(
            "more after the end",
            .answering { $0.stream($0.text("Hello"), $0.last, $0.text("!"), $0.last) },
            nil,
            .none,
            text: "Hello",
            finish: .stop,
            dialects: [.ollama]
        ),
    ]

    private static func redirect(_ status: Int) -> UpstreamRow {
        self.status(status, .provider, .tryAnotherModel(isOutage: false), "Location: /elsewhere")
    }

    private static func status(
        _ status: Int,
        _ code: Fault.Code,
        _ retryAdvice: UpstreamRow.RetryAdvice,
        _ header: String? = nil
    ) -> UpstreamRow {
        let name = "status \(status)" + (header.map { ", \($0)" } ?? "")
        return Row(name, .answering { $0.error(status, headers: header.map { [$0] } ?? []) }, code, retryAdvice)
    }

    @Test(arguments: (before + statuses + after).flatMap(\.cases))
    func `a provider in this state`(_ found: UpstreamCase) async throws {
        try await found.check()
    }
}
