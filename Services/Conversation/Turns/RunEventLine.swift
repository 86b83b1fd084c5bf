import Bus
import Contracts
import ContractsJSON
import NIOCore

/// Writes a run's events as JSON, once; every hop after this one passes the bytes on.
enum RunEventLine {
    /// `{"number":3,"text":"Hel"}`, exactly so, for readers that take it apart without decoding.
    static func text(_ text: String, number: Int) -> ByteBuffer {
        event(Run.Event(number: number, text: text))
    }

    static func event(_ event: Run.Event) -> ByteBuffer {
        BusCoding.write(event)
    }
}
