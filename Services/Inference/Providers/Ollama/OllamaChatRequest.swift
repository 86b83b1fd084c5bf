import Bus
import Contracts
import NIOCore

/// The body of `POST /api/chat`, written straight into bytes.
struct OllamaChatRequest {
    var prompt: Prompt
    /// The window to ask for; without one Ollama takes a small one and cuts silently.
    var window: Int

    func encoded() -> ByteBuffer {
        var body = ByteBuffer()
        body.reserveCapacity(256 + prompt.messages.readableBytes)
        body.writeStaticString("{\"model\":")
        JSONText.write(prompt.model, to: &body)
        body.writeStaticString(",\"stream\":true,\"messages\":")
        body.writeImmutableBuffer(prompt.messages)
        body.writeString(",\"options\":{\"num_ctx\":\(window)")
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
            JSONText.write(text, to: &body)
        }
        body.writeStaticString("]")
    }
}
