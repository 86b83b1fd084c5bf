import Contracts
import TestSupport
import Testing

@testable import InferenceService

/// Whatever may be wrong with a provider, in each dialect, over real sockets: which fault it is, whether it is tried again,
/// whether another model is asked instead, and whether it counts against the provider.
@Suite(.timeLimit(.minutes(2))) struct UpstreamTests {
    private typealias Row = UpstreamRow

    private static let brief = Duration.milliseconds(120)
    private static let firstTokenBrief = GenerationLimits(firstToken: brief)
    private static let gapBrief = GenerationLimits(gap: brief)

    /// Before the first token.
    private static let before: [Row] = [
        Row("nobody listens", .nobody, .unavailable, .again),
        Row("a name that does not resolve", .unknownName, .unavailable, .again),
        Row("a connection that is neither accepted nor refused", .deaf, .unavailable, .again),
        Row("accepted, then silence", .saying(.raw("").ending(.stall)), .timeout, .again, limits: firstTokenBrief),
        Row("accepted and closed", .saying(.raw("")), .cut, .again),
        Row("accepted and reset", .saying(.raw("").ending(.reset)), .cut, .again),
        Row("accepted and half-closed", .saying(.raw("").ending(.halfClose)), .cut, .again),
        Row(
            "https, and a plain server",
            .sayingWithoutTLS(.error(400, "What?").ending(.close)),
            .unavailable,
            .again,
            says: "does not speak TLS"
        ),
        Row(
            "https, and garbage",
            .sayingWithoutTLS(.raw("\u{1}\u{2}\u{3}").ending(.close)),
            .unavailable,
            .again,
            says: "does not speak TLS"
        ),
        Row(
            "https, and a wrong certificate",
            .withWrongCertificate,
            .unavailable,
            .again,
            says: "certificate is not to be trusted"
        ),
        Row("https, closed", .sayingWithoutTLS(.raw("")), .unavailable, .again, says: "does not speak TLS"),
        Row("https, reset", .sayingWithoutTLS(.raw("").ending(.reset)), .cut, .again),
        Row(
            "https, then silence",
            .sayingWithoutTLS(.raw("").ending(.stall)),
            .timeout,
            .again,
            limits: firstTokenBrief
        ),
        Row("what is no HTTP", .saying(.raw("SSH-2.0-OpenSSH_9.2\r\n")), .provider, .again),
        Row("half a head, then the end", .saying(.raw("HTTP/1.1 200 O")), .cut, .again),
        Row(
            "half a head, then silence",
            .saying(.raw("HTTP/1.1 200 O").ending(.stall)),
            .timeout,
            .again,
            limits: firstTokenBrief
        ),
        Row(
            "a head, then silence",
            .answering { $0.whole.cut(after: $0.whole.headLength, .stall) },
            .timeout,
            .again,
            limits: firstTokenBrief
        ),
        Row("a head, then the end", .answering { $0.whole.cut(after: $0.whole.headLength) }, .cut, .again),
        Row(
            "a head, then half-closed",
            .answering { $0.whole.cut(after: $0.whole.headLength, .halfClose) },
            .cut,
            .again
        ),
        Row("a proper end and no answer", .answering { $0.stream() }, .cut, .again),
        Row(
            "an error in the answer's place",
            .answering { $0.stream($0.failure("It broke.")) },
            .provider,
            .again,
            geminiCode: .unavailable
        ),
        Row("a frame that is not JSON", .answering { $0.stream("{nonsense") }, .provider, .elsewhere(isUnwell: false)),
    ]

    /// A status in the answer's place.
    private static let statuses: [Row] = [
        status(408, .unavailable, .again), status(409, .unavailable, .again), status(425, .unavailable, .again),
        status(500, .unavailable, .again), status(502, .unavailable, .again), status(503, .unavailable, .again),
        status(504, .unavailable, .again), status(529, .unavailable, .again), status(429, .limited, .againAndWell),
        status(429, .limited, .againAndWell, "Retry-After: 0"),
        status(429, .limited, .againAndWell, "Retry-After: Sat, 21 Nov 2020 08:00:00 GMT"),
        status(429, .limited, .againAndWell, "Retry-After-Ms: 2"),
        status(429, .limited, .againAndWell, "Retry-After: -1"),
        status(429, .limited, .againAndWell, "Retry-After: 99999999999"),
        status(429, .limited, .elsewhere(isUnwell: false), "Retry-After: 61"),
        status(503, .unavailable, .elsewhere(isUnwell: true), "Retry-After: 61"),
        status(400, .rejected, .none), status(401, .upstreamAuth, .none), status(403, .upstreamAuth, .none),
        status(404, .missing, .elsewhere(isUnwell: false)), status(413, .tooLarge, .none),
        status(422, .rejected, .none),
        Row(
            "status 400: the messages are too long",
            .answering { $0.error(400, "The input token count exceeds the maximum context length.") },
            .contextTooLong,
            .elsewhere(isUnwell: false)
        ),
        status(301, .provider, .none, "Location: /elsewhere"), status(302, .provider, .none, "Location: /elsewhere"),
        status(303, .provider, .none, "Location: /elsewhere"), status(307, .provider, .none, "Location: /elsewhere"),
        status(308, .provider, .none, "Location: /elsewhere"),
    ]

    /// After the first token.
    private static let after: [Row] = [
        Row("closed in the middle", .answering { $0.half.ending(.close) }, .cut, .none, text: "Hello"),
        Row("half-closed in the middle", .answering { $0.half.ending(.halfClose) }, .cut, .none, text: "Hello"),
        Row("reset in the middle", .answering { $0.half.resetLater }, .cut, .none, text: "Hello"),
        Row("silence in the middle", .answering(\.half), .timeout, .none, text: "Hello", limits: gapBrief),
        Row(
            "no end",
            .answering { dialect in
                dialect.stream([dialect.text("Hello")] + Array(repeating: dialect.text(""), count: 200))
                    .lineByLine(pause: .milliseconds(20))
            },
            .timeout,
            .none,
            text: "Hello",
            limits: GenerationLimits(whole: .milliseconds(250))
        ),
        Row(
            "a proper end without the last word",
            .answering { $0.stream($0.text("Hello")) },
            .cut,
            .none,
            text: "Hello"
        ),
        Row(
            "an error frame",
            .answering { $0.stream($0.text("Hello"), $0.failure("It broke.")) },
            .provider,
            .none,
            text: "Hello"
        ),
        Row(
            "a frame of nonsense",
            .answering { $0.stream($0.text("Hello"), "{nonsense") },
            .provider,
            .none,
            text: "Hello"
        ),
        Row("a chunk that is none", .answering { $0.half.followedLater(by: "zz\r\n") }, .cut, .none, text: "Hello"),
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

    private static func status(
        _ status: Int,
        _ code: Fault.Code,
        _ remedy: UpstreamRow.Remedy,
        _ header: String? = nil
    ) -> UpstreamRow {
        let name = "status \(status)" + (header.map { ", \($0)" } ?? "")
        return Row(name, .answering { $0.error(status, headers: header.map { [$0] } ?? []) }, code, remedy)
    }

    @Test(arguments: (before + statuses + after).flatMap(\.cases))
    func `a provider that is found so`(_ found: UpstreamCase) async throws {
        try await found.check()
    }
}
