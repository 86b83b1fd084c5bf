import Bus
import Contracts
import NIOCore

extension ByteBuffer {
    /// An ``Inference/Event`` with text, as JSON; written by hand, because it is written for every piece of an answer.
    static func event(text: String) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(text.utf8.count + 16)
        bytes.writeStaticString("{\"text\":")
        bytes.writeJSON(text)
        bytes.writeStaticString("}")
        return bytes
    }

    /// An ``Inference/Event`` with the finish, as JSON.
    static func event(finish: Inference.Finish) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeStaticString("{\"finish\":{\"reason\":")
        bytes.writeJSON(finish.reason.rawValue)
        bytes.writeStaticString(",\"model\":")
        bytes.writeJSON(finish.model)
        if let usage = finish.usage {
            bytes.writeString(
                ",\"usage\":{\"promptTokens\":\(usage.promptTokens),\"completionTokens\":\(usage.completionTokens),"
                    + "\"isEstimated\":\(usage.isEstimated)}"
            )
        }
        bytes.writeStaticString("}}")
        return bytes
    }
}
