import Bus
import Contracts
import ContractsJSON
import JSON
import NIOCore

/// The request for one step of a run.
struct GenerationRequest: Sendable {
    /// How long inference-svc collects text into one event if the run is not streamed, in milliseconds: half of the
    /// maximum age of unstored events.
    private static let batchMilliseconds = 25

    var model: String
    var system: String
    var messages: [ByteBuffer]
    var options: Run.Options
    /// The declarations of the tools that the model may call.
    var tools: RawJSON?
    var isStreamed: Bool
    /// Keeps the requests of a conversation on one target, whose prompt cache has its beginning.
    var conversation: Conversation.ID

    /// The JSON of an ``Inference/Generate``, assembled from messages that are already encoded.
    var json: ByteBuffer {
        var json = ByteBuffer()
        json.writeStaticString("{\"model\":")
        JSONText.write(model, to: &json)
        json.writeStaticString(",\"options\":")
        json.writeImmutableBuffer(BusCoding.write(options.parameters))
        if let tools { json.writeString(",\"tools\":\(tools.text)") }
        if !isStreamed { json.writeString(",\"gatherMilliseconds\":\(Self.batchMilliseconds)") }
        json.writeString(",\"session\":\"\(conversation)\"")
        json.writeStaticString(",\"messages\":[")
        // An imported conversation may have no system prompt.
        var isFirst = system.isEmpty
        if !isFirst { json.writeImmutableBuffer(History.encode(.system, system)) }
        for message in messages {
            if !isFirst { json.writeStaticString(",") }
            isFirst = false
            json.writeImmutableBuffer(message)
        }
        json.writeStaticString("]}")
        return json
    }
}
