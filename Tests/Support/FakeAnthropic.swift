import Foundation

/// Runs `body` with a fake Anthropic on `port` (default: a free port).
///
/// Without a script it lists models, replies by ``FakeModelTurn``, streamed or whole, with text, JSON, thinking or tool
/// calls, and rejects what Anthropic's servers reject. It requires a key; a key that begins with `bad` is invalid.
package func withFakeAnthropic<Result>(
    port: Int = 0,
    _ body: (FakeServer) async throws -> Result
) async throws -> Result {
    let anthropic = FakeAnthropic()
    return try await withFakeServer(
        mainPath: "/v1/messages",
        port: port,
        scripts: ["*": { anthropic.answer($0) }],
        body
    )
}

/// The responses of a fake Anthropic.
struct FakeAnthropic: Sendable {
    /// Maximum size of a request, as at Anthropic.
    private static let sizeLimit = 32 * 1024 * 1024

    func answer(_ request: FakeRequest) -> FakeResponse {
        if let refusal = refusal(request) { return refusal }
        let parts = request.path.split(separator: "/").map(String.init)
        switch (request.method, parts.first, parts.dropFirst().first, parts.count) {
        case ("GET", "v1", "models", 2): return list(request)
        case ("GET", "v1", "models", 3):
            return FakeAnthropicModel.named(parts[2]).map { .json(200, $0.text) } ?? missing(parts[2])
        case ("POST", "v1", "messages", 2): return message(request)
        default: return .anthropicError(404, "not_found_error", "Not Found")
        }
    }

    private func refusal(_ request: FakeRequest) -> FakeResponse? {
        guard let key = request.headers["x-api-key"] ?? Self.bearer(request) else {
            return .anthropicError(401, "authentication_error", "x-api-key header is required")
        }
        guard !key.hasPrefix("bad") else { return .anthropicError(401, "authentication_error", "invalid x-api-key") }
        guard request.headers["anthropic-version"] != nil else {
            return .anthropicError(400, "invalid_request_error", "anthropic-version: header is required")
        }
        return nil
    }

    private static func bearer(_ request: FakeRequest) -> String? {
        request.headers["authorization"].flatMap { $0.split(separator: " ").last.map(String.init) }
    }

    private func list(_ request: FakeRequest) -> FakeResponse {
        let limit = Self.parameter("limit", request).flatMap { Int($0) } ?? 20
        let after = Self.parameter("after_id", request)
        let all = FakeAnthropicModel.all
        let start = after.flatMap { id in all.firstIndex { $0.id == id }.map { $0 + 1 } } ?? 0
        let page = all.dropFirst(start).prefix(limit)
        let ids = [page.first?.id, page.last?.id].map { $0?.inJSON ?? "null" }
        return .json(
            200,
            "{\"data\":[\(page.map(\.text).joined(separator: ","))],\"has_more\":\(start + limit < all.count),"
                + "\"first_id\":\(ids[0]),\"last_id\":\(ids[1])}"
        )
    }

    private func missing(_ model: String) -> FakeResponse {
        .anthropicError(404, "not_found_error", "model: \(model)")
    }

    private func message(_ request: FakeRequest) -> FakeResponse {
        guard request.bytes.count <= Self.sizeLimit else {
            return .anthropicError(413, "request_too_large", "Request exceeds the maximum size")
        }
        do {
            let asked = try JSONDecoder().decode(FakeAnthropicRequest.self, from: Data(request.bytes))
            guard let model = FakeAnthropicModel.named(asked.model) else { return missing(asked.model) }
            let object = try JSONSerialization.jsonObject(with: Data(request.bytes)) as? [String: Any] ?? [:]
            try FakeAnthropicRules(model: model).check(object)
            let turn = FakeAnthropicTurn(asked, model: model)
            return asked.stream == true ? .anthropicStream(turn.events) : .anthropicMessage(turn.whole)
        } catch let refusal as FakeAnthropicRefusal {
            return .anthropicError(400, "invalid_request_error", refusal.message)
        } catch {
            return .anthropicError(400, "invalid_request_error", "\(error)")
        }
    }

    private static func parameter(_ name: String, _ request: FakeRequest) -> String? {
        FakeGemini.parameter(name, request)
    }
}

/// An error response of a fake Anthropic.
struct FakeAnthropicRefusal: Error {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}
