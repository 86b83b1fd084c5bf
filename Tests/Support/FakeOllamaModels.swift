import Foundation
import Synchronization

/// The models of a fake Ollama, and its responses about them.
final class FakeOllamaModels: Sendable {
    private let models = Mutex<[String]>(["llama3.2:latest"])
    private let deleted = Mutex<Set<String>>([])

    var names: [String] { models.withLock { $0 } }

    func show(_ request: FakeRequest) -> FakeResponse {
        guard let model = Self.body(request)["model"] as? String, has(model) else { return missing(request) }
        let embeds = model.contains("embed")
        return .show(window: embeds ? 2048 : 131_072, capabilities: embeds ? ["embedding"] : ["completion", "tools"])
    }

    func chat(_ request: FakeRequest) -> FakeResponse {
        let body = Self.body(request)
        guard let model = body["model"] as? String, has(model) else { return missing(request) }
        var lines: [String] = []
        let effort = body["think"]
        if effort != nil, (effort as? Bool) != false {
            lines += [FakeResponse.thought("Hm"), FakeResponse.thought(", well.")]
        }
        let last = (body["messages"] as? [[String: Any]])?.last
        if let tool = Self.firstTool(body), last?["role"] as? String != "tool" {
            lines.append(FakeResponse.toolCalls(FakeResponse.toolCall(tool, #"{"city":"Paris"}"#, id: "call_fake1")))
            lines += FakeResponse.chatLines([], model: model)
        } else if body["format"] != nil {
            lines += FakeResponse.chatLines(["{\"answer\"", ":42}"], model: model)
        } else {
            lines += FakeResponse.chatLines(["Hello", " from", " the", " fake", "."], model: model)
        }
        return body["stream"] as? Bool == false ? Self.whole(lines) : .chat(lines: lines)
    }

    func embed(_ request: FakeRequest) -> FakeResponse {
        let body = Self.body(request)
        guard let model = body["model"] as? String, has(model) else { return missing(request) }
        let count = (body["input"] as? [String])?.count ?? 1
        let length = body["dimensions"] as? Int ?? 4
        let vectors = (0..<count).map { row in (0..<length).map { Double($0 + row) / 8 } }
        return .embeddings(vectors, model: model, promptTokens: 3 * count)
    }

    func pull(_ request: FakeRequest) -> FakeResponse {
        let model = Self.body(request)["model"] as? String ?? ""
        guard !model.contains("missing") else {
            return .chat(lines: [
                #"{"status":"pulling manifest"}"#, #"{"error":"pull model manifest: file does not exist"}"#,
            ])
        }
        add(model)
        return isWhole(request) ? .json(200, #"{"status":"success"}"#) : .pull()
    }

    func create(_ request: FakeRequest) -> FakeResponse {
        let body = Self.body(request)
        guard body["from"] != nil || body["files"] != nil else {
            return .error(400, "neither 'from' or 'files' was specified")
        }
        add(body["model"] as? String ?? "")
        return isWhole(request) ? .json(200, #"{"status":"success"}"#) : .creation
    }

    func delete(_ request: FakeRequest) -> FakeResponse {
        guard request.method == "DELETE" else { return .json(405, "405 method not allowed") }
        let name = Self.tagged(Self.body(request)["model"] as? String ?? "")
        let isThere = models.withLock { models in
            guard let index = models.firstIndex(of: name) else { return false }
            models.remove(at: index)
            return true
        }
        guard isThere else { return missing(request) }
        deleted.withLock { _ = $0.insert(name) }
        return .deleted
    }

    private func add(_ model: String) {
        let name = Self.tagged(model)
        deleted.withLock { _ = $0.remove(name) }
        models.withLock { if !$0.contains(name) { $0.append(name) } }
    }

    private func has(_ model: String) -> Bool {
        !model.contains("missing") && !deleted.withLock { $0.contains(Self.tagged(model)) }
    }

    private func missing(_ request: FakeRequest) -> FakeResponse {
        let model = Self.body(request)["model"] as? String ?? ""
        return .error(404, "model '\(model)' not found")
    }

    private func isWhole(_ request: FakeRequest) -> Bool {
        Self.body(request)["stream"] as? Bool == false
    }

    private static func tagged(_ model: String) -> String {
        model.contains(":") ? model : model + ":latest"
    }

    private static func firstTool(_ body: [String: Any]) -> String? {
        let function = (body["tools"] as? [[String: Any]])?.first?["function"] as? [String: Any]
        return function?["name"] as? String
    }

    static func body(_ request: FakeRequest) -> [String: Any] {
        do {
            return try JSONSerialization.jsonObject(with: Data(request.body.utf8)) as? [String: Any] ?? [:]
        } catch {
            return [:]
        }
    }

    /// The response without streaming: the last line, with the text of all lines before it.
    private static func whole(_ lines: [String]) -> FakeResponse {
        var whole: [String: Any] = [:]
        var message: [String: Any] = ["role": "assistant", "content": ""]
        for line in lines {
            do {
                guard
                    let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
                    let piece = object["message"] as? [String: Any]
                else { continue }
                whole.merge(object) { $1 }
                message["content"] = "\(message["content"] ?? "")\(piece["content"] ?? "")"
                if let thinking = piece["thinking"] { message["thinking"] = "\(message["thinking"] ?? "")\(thinking)" }
                if let calls = piece["tool_calls"] { message["tool_calls"] = calls }
            } catch {
                continue
            }
        }
        whole["message"] = message
        do {
            let data = try JSONSerialization.data(
                withJSONObject: whole,
                options: [.sortedKeys, .withoutEscapingSlashes]
            )
            return .json(200, String(decoding: data, as: UTF8.self))
        } catch {
            return .error(500, "\(error)")
        }
    }
}
