import Contracts
import TestSupport
import Testing

@testable import InferenceService

/// Responses of a broken or hostile server on real sockets.
@Suite(.timeLimit(.minutes(5))) struct GeminiHostileTests {
    /// A response and the expected result.
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let answer: FakeResponse
        var text = ""
        /// `nil` for a complete answer.
        let code: Fault.Code?
        var limits = GenerationTimeouts()

        var testDescription: String { name }
    }

    private static let path = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
    private static let whole = FakeResponse.gemini(["Hel", "lo"])
    private static let begun = FakeResponse.gemini(["Hel", "lo"], finishReason: nil)
    private static let short = GenerationTimeouts(firstToken: .milliseconds(300), gap: .milliseconds(300))

    private static func sent(_ text: String, _ headers: String, body: [String]? = nil) -> FakeResponse {
        let body = (body ?? FakeResponse.geminiChunks(["Hel"], finishReason: nil).map { "data: \($0)\n\n" }).joined()
        return FakeResponse(head: "HTTP/1.1 200 OK\r\n\(headers)\r\n\r\n", body: (text + body).utf8).ending(.close)
    }

    private static func changed(_ answer: FakeResponse, _ change: (inout [UInt8]) -> Void) -> FakeResponse {
        var answer = answer
        change(&answer.bytes)
        return answer
    }

    private static let rows: [Row] = [
        Row(name: "closed at once", answer: whole.cut(after: 0), code: .cut),
        Row(name: "reset at once", answer: whole.cut(after: 0, .reset), code: .cut),
        Row(name: "silence", answer: whole.cut(after: 0, .stall), code: .timeout, limits: short),
        Row(name: "half a head", answer: whole.cut(after: 30, .stall), code: .timeout, limits: short),
        Row(
            name: "a head and silence",
            answer: whole.cut(after: whole.headLength, .stall),
            code: .timeout,
            limits: short
        ),
        Row(
            name: "a head of a megabyte",
            answer: .raw("HTTP/1.1 200 OK\r\nX: \(String(repeating: "x", count: 1 << 20))\r\n\r\n"),
            code: .provider
        ),
        Row(
            name: "no end of preliminary answers",
            answer: .raw(String(repeating: "HTTP/1.1 103 Early Hints\r\n\r\n", count: 10_000)).ending(.stall),
            code: .timeout,
            limits: short
        ),
        Row(name: "no HTTP", answer: .raw("SSH-2.0-OpenSSH_9.2\r\n"), code: .provider),
        Row(name: "TLS where none is meant", answer: .raw("\u{15}\u{3}\u{3}\u{0}\u{2}\u{2}\u{28}"), code: .provider),
        Row(
            name: "silence in the middle",
            answer: begun.stalledBeforeEnd,
            text: "Hello",
            code: .timeout,
            limits: short
        ),
        Row(name: "reset in the middle", answer: begun.stalledBeforeEnd.ending(.reset), text: "Hello", code: .cut),
        Row(name: "a proper end without a reason", answer: begun, text: "Hello", code: .cut),
        Row(name: "nothing at all", answer: .gemini(chunks: []), code: .cut),
        Row(name: "an empty array", answer: .json(200, "[]"), code: .cut),
        Row(name: "an empty object", answer: .json(200, "{}"), code: .cut),
        Row(name: "a length that is too large", answer: sent("", "Content-Length: 100000"), text: "Hel", code: .cut),
        Row(name: "a length that is too small", answer: sent("", "Content-Length: 10"), code: .cut),
        Row(name: "no length", answer: sent("", "Connection: close"), text: "Hel", code: .cut),
        Row(name: "chunks that are none", answer: sent("zz\r\n", "Transfer-Encoding: chunked"), code: .provider),
        Row(
            name: "a page",
            answer: .raw("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n<html>Hi</html>"),
            code: .provider
        ),
        Row(
            name: "gzip that nobody asked for",
            answer: sent("\u{1f}\u{8}", "Content-Encoding: gzip", body: []),
            code: .cut
        ),
        Row(
            name: "data that is not JSON",
            answer: .gemini(chunks: [FakeResponse.geminiChunks(["Hel"], finishReason: nil)[0], "{\"candidates\":[}"]),
            text: "Hel",
            code: .provider
        ),
        Row(
            name: "bytes that are not UTF-8",
            answer: changed(.gemini(["Hello", "XX"])) { bytes in
                if let place = bytes.lastIndex(of: UInt8(ascii: "X")) { bytes[place] = 0xFF }
            },
            text: "Hello",
            code: .provider
        ),
        Row(
            name: "a chunk of 64 MB",
            answer: .gemini(["Hello", String(repeating: "x", count: 64 << 20)]),
            text: "Hello",
            code: .provider
        ),
        Row(
            name: "no end of text",
            answer: .gemini(Array(repeating: String(repeating: "blah ", count: 20_000), count: 180)).ending(.stall),
            text: String(repeating: "blah ", count: 20_000 * 167),
            code: .provider
        ),
        Row(
            name: "two ends, and more",
            answer: .gemini(chunks: FakeResponse.geminiChunks(["Hel"]) + FakeResponse.geminiChunks(["lo"]) + ["{}"]),
            text: "Hello",
            code: nil
        ),
        Row(
            name: "an end, and then no end of the body",
            answer: FakeResponse.gemini(["Hel", "lo"]).stalledBeforeEnd,
            text: "Hello",
            code: nil,
            limits: GenerationTimeouts(settling: .milliseconds(50))
        ),
        Row(
            name: "an end, and then a reset",
            answer: whole.cut(after: whole.bytes.count - 3),
            text: "Hello",
            code: nil
        ),
        Row(
            name: "another type",
            answer: .gemini(body: FakeResponse.geminiChunks(["Hello"]).map { "data: \($0)\n\n" }, type: "text/plain"),
            text: "Hello",
            code: nil
        ),
        Row(
            name: "a call of a tool that is nested too deeply",
            answer: .gemini(chunks: [
                FakeResponse.geminiChunk(parts: [
                    "{\"functionCall\":{\"name\":\"a\",\"args\":{\"a\":"
                        + String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000) + "}}}"
                ])
            ]),
            code: .provider
        ),
        Row(
            name: "a call of a tool without a name",
            answer: .gemini(chunks: [FakeResponse.geminiChunk(parts: ["{\"functionCall\":{}}"], finishReason: "STOP")]),
            code: .provider
        ),
    ]

    @Test(arguments: rows)
    func `hostile responses give the right error after their earlier text`(_ row: Row) async throws {
        try await withFakeGemini { gemini in
            gemini.always(Self.path, row.answer)
            let outcome = try await geminiRouting(to: gemini.url, limits: row.limits).routing.geminiOutcome()
            #expect(outcome.fault?.code == row.code)
            #expect(outcome.text == row.text || row.name == "no end of text" && row.text.hasPrefix(outcome.text))
            #expect((outcome.finish == nil) == (row.code != nil))
            #expect(outcome.fault?.message.hasSuffix(".") != false)
            #expect((outcome.fault?.message.count ?? 0) < 700)
            try await eventually("The connection is left") {
                gemini.requests(Self.path).allSatisfy { $0.isAnswered || $0.isAbandoned }
            }
        }
    }
}
