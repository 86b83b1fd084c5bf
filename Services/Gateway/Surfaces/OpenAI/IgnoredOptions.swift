import Bus
import Contracts
import HTTP
import HTTPTypes
import NIOCore
import NIOHTTP1

/// The header `x-parley-ignored-options`: the options of a request that did not reach the model.
enum IgnoredOptions {
    private static let sizeLimit = 1024

    /// Sets the header, unless no option was ignored.
    static func write(_ names: [String], to headers: inout HTTPHeaders) {
        var text = ""
        for name in names where ExtraOptionRules.isPlain(name) && text.utf8.count + name.utf8.count < sizeLimit {
            text += text.isEmpty ? name : ", \(name)"
        }
        if !text.isEmpty { headers[.xParleyIgnoredOptions] = text }
    }
}

/// Reads the first events of a generation.
struct GenerationStart {
    /// The batch with the first event of the answer.
    let events: [ByteBuffer]
    /// The options that the provider does not support.
    let ignoredOptions: [String]

    /// Waits for the answer to begin; events before it are signs of life.
    ///
    /// Throws `cut` if the stream ends before.
    init(of stream: ElementStream<Inference.Event>) async throws {
        while let batch = try await stream.nextEncodedBatch() {
            for (index, bytes) in batch.enumerated() {
                let event = try BusCoding.decode(Inference.Event.self, from: bytes)
                guard event.begin != nil || !event.isEmpty else { continue }
                events = index == 0 ? batch : Array(batch[index...])
                ignoredOptions = event.begin?.ignoredOptions ?? []
                return
            }
        }
        throw Fault(.cut, "The response ended before it started. Try again.")
    }
}
