import Contracts
import NIOCore

/// The body of `POST /api/chat`, written straight into bytes.
struct OllamaChatRequest {
    var prompt: Prompt
    /// The window to ask for; without one Ollama takes a small one and cuts silently.
    var window: Int

    func encoded() -> ByteBuffer {
        var body = ByteBuffer()
        body.reserveCapacity(256 + prompt.messages.reduce(0) { $0 + $1.text.utf8.count + 64 })
        body.writeStaticString("{\"model\":")
        body.writeJSON(prompt.model)
        body.writeStaticString(",\"stream\":true,\"messages\":[")
        for (index, message) in prompt.messages.enumerated() {
            if index > 0 { body.writeStaticString(",") }
            body.writeStaticString("{\"role\":")
            body.writeJSON(message.role.rawValue)
            body.writeStaticString(",\"content\":")
            body.writeJSON(message.text)
            body.writeStaticString("}")
        }
        body.writeString("],\"options\":{\"num_ctx\":\(window)")
        write(prompt.options, to: &body)
        body.writeStaticString("}}")
        return body
    }

    private func write(_ options: Inference.Options, to body: inout ByteBuffer) {
        if let maxTokens = options.maxTokens { body.writeString(",\"num_predict\":\(maxTokens)") }
        if let temperature = options.temperature { body.writeString(",\"temperature\":\(temperature)") }
        if let seed = options.seed { body.writeString(",\"seed\":\(seed)") }
        guard let stop = options.stop, !stop.isEmpty else { return }
        body.writeStaticString(",\"stop\":[")
        for (index, text) in stop.enumerated() {
            if index > 0 { body.writeStaticString(",") }
            body.writeJSON(text)
        }
        body.writeStaticString("]")
    }
}
