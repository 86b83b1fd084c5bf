import TestSupport

/// Changes the response to one request.
struct ResponseOverride: Decodable {
    /// An error response in the format of the server's API.
    struct ErrorResponse: Decodable {
        var status: Int
        var message: String
        var type: String?
        var param: String?
        var code: String?
        /// The `details` of a Google error, as JSON.
        var details: String?
        /// Complete header lines, such as `Retry-After: 1`.
        var headers: [String]?
    }

    /// The point after which the response stops.
    enum Cut: String, Decodable {
        /// Nothing is sent.
        case beforeHead = "before-head"
        /// Only the head is sent.
        case afterHead = "after-head"
        /// Half of the body is sent.
        case middle
        /// Everything before the finish reason is sent.
        case beforeEnd = "before-end"
    }

    /// What the server does at the cut.
    enum Ending: String, Decodable {
        case stall
        case close
        case reset
    }

    var error: ErrorResponse?
    var cut: Cut?
    var ending: Ending?
    /// Milliseconds between two chunks of the body.
    var pace: Int?
    /// The message of an error in the middle of the stream.
    var streamError: String?
    /// The complete response, including the head.
    var raw: String?

    /// The changed response; `usual` is the response without the override.
    func answer(_ usual: FakeResponse, in api: ProviderAPI) -> FakeResponse {
        if let raw { return .raw(raw) }
        if let error { return api.errorAnswer(error) }
        var answer = usual
        if let streamError { answer = api.streamWithError(streamError) }
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
            ["\"finish_reason\":\"", "\"done\":true", "\"finishReason\"", "\"stop_reason\":\""]
                .compactMap { answer.bytes.lastPlace(of: $0) }.max() ?? answer.bytes.count - 1
        }
    }
}

extension [UInt8] {
    /// The last position of a text.
    fileprivate func lastPlace(of text: String) -> Int? {
        let wanted = Array(text.utf8)
        return indices.last { self[$0...].starts(with: wanted) }
    }
}
