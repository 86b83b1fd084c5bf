import Bus
import Contracts
import ContractsJSON
import NIOCore

/// Encodes the events of a run once; later hops forward the bytes.
enum RunEventJSON {
    /// Returns exactly `{"number":3,"text":"Hel"}`, because readers parse this form without a decoder.
    static func text(_ text: String, number: Int) -> ByteBuffer {
        event(Run.Event(number: number, text: text))
    }

    static func chunk(_ kind: RunStep.Chunk.Kind, _ text: String, number: Int) -> ByteBuffer {
        switch kind {
        case .text: event(Run.Event(number: number, text: text))
        case .reasoning: event(Run.Event(number: number, reasoning: text))
        }
    }

    static func event(_ event: Run.Event) -> ByteBuffer {
        BusCoding.write(event)
    }
}
