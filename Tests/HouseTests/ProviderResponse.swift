import Foundation
import TestSupport

/// The response of a fake provider, and the offsets at which its parts are complete.
struct ProviderResponse: Sendable {
    let answer: FakeResponse
    /// Number of bytes that contain the first text.
    let first: Int
    /// Number of bytes after which the answer can be recognised as complete.
    let mayBeWhole: Int
    /// Number of bytes after which the answer must be recognised as complete.
    let isWhole: Int

    /// A stream of text pieces.
    init(streamed dialect: FakeDialect, _ pieces: [String]) {
        let frames = pieces.map(dialect.text)
        answer = dialect.stream(frames + [dialect.last])
        let separator = dialect == .ollama ? 1 : dialect == .openAI ? 2 : 4
        first = Self.end(of: frames[0], in: answer) + separator
        mayBeWhole = Self.end(of: dialect.last, in: answer)
        isWhole = mayBeWhole + separator
    }

    /// A response that is one JSON value from a server like OpenAI's, although a stream was requested; a stream from others.
    init(whole dialect: FakeDialect, _ pieces: [String]) {
        guard dialect == .openAI else {
            self.init(streamed: dialect, pieces)
            return
        }
        let answer = FakeResponse.openAI(
            "{\"choices\":[{\"message\":{\"content\":\(pieces.joined().inJSON)},\"finish_reason\":\"stop\"}]}"
        )
        let count = answer.bytes.count
        self.init(answer: answer, first: answer.headLength + 1, mayBeWhole: count, isWhole: count)
    }

    private init(answer: FakeResponse, first: Int, mayBeWhole: Int, isWhole: Int) {
        self.answer = answer
        self.first = first
        self.mayBeWhole = mayBeWhole
        self.isWhole = isWhole
    }

    private static func end(of frame: String, in answer: FakeResponse) -> Int {
        let text = String(decoding: answer.bytes, as: UTF8.self)
        return text.range(of: frame).map { text[..<$0.upperBound].utf8.count } ?? 0
    }

    /// Truncates or splits the response as the message demands: `[cut 12]`, `[split 12]` or `[bytes 0]`.
    func reply(to request: FakeRequest) -> FakeResponse {
        guard let order = request.body.matches(of: /\[(cut|split|bytes) ([0-9]+)\]/).last,
            let count = Int(order.output.2)
        else { return answer }
        switch order.output.1 {
        case "cut": return count < answer.bytes.count ? answer.cut(after: count) : answer
        case "split": return answer.split(at: [count], pause: .zero)
        default: return answer.byteByByte()
        }
    }
}
