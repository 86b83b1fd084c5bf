import TestSupport

/// How one request is answered, if not as usual.
struct Manner: Decodable {
    /// A refusal in the words of the server's dialect.
    struct Refusal: Decodable {
        var status: Int
        var message: String
        var type: String?
        var param: String?
        var code: String?
        /// What Google adds to an error, as JSON.
        var details: String?
        /// Whole lines, such as `Retry-After: 1`.
        var headers: [String]?
    }

    /// How far the usual answer goes.
    enum Cut: String, Decodable {
        /// Not a byte is said.
        case beforeHead = "before-head"
        /// The head and nothing more.
        case afterHead = "after-head"
        /// Half of the body.
        case middle
        /// All until it says why the model stopped.
        case beforeEnd = "before-end"
    }

    /// What comes after the cut.
    enum Ending: String, Decodable {
        case stall
        case close
        case reset
    }

    var refusal: Refusal?
    var cut: Cut?
    var ending: Ending?
    /// Milliseconds between two chunks of the body.
    var pace: Int?
    /// What the server says in the middle of its stream before it gives up.
    var complaint: String?
    /// The bytes of the answer, head and all.
    var raw: String?

    /// The answer in this manner; `usual` is what would be said without it.
    func answer(_ usual: FakeResponse, in dialect: Dialect) -> FakeResponse {
        if let raw { return .raw(raw) }
        if let refusal { return dialect.refuse(refusal) }
        var answer = usual
        if let complaint { answer = dialect.complain(complaint) }
        if let pace { answer = answer.lineByLine(pause: .milliseconds(pace)) }
        guard let cut else { return answer }
        return answer.cut(after: length(of: answer, until: cut), end)
    }

    private var end: FakeResponse.Ending {
        switch ending {
        case .stall, nil: .stall
        case .close: .close
        case .reset: .reset
        }
    }

    private func length(of answer: FakeResponse, until cut: Cut) -> Int {
        switch cut {
        case .beforeHead: 0
        case .afterHead: answer.headLength
        case .middle: (answer.headLength + answer.bytes.count) / 2
        case .beforeEnd:
            ["\"finish_reason\":\"", "\"done\":true", "\"finishReason\""]
                .compactMap { answer.bytes.lastPlace(of: $0) }.max() ?? answer.bytes.count - 1
        }
    }
}

extension [UInt8] {
    /// Where a text stands last.
    fileprivate func lastPlace(of text: String) -> Int? {
        let wanted = Array(text.utf8)
        return indices.last { self[$0...].starts(with: wanted) }
    }
}
