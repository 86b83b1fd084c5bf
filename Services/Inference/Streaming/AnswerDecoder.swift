import Contracts
import NIOCore

/// Decodes the bytes of a response in one API format into events: a value without side effects.
///
/// Bytes may be split anywhere. When an error is thrown, the event contains what was decoded before it.
protocol AnswerDecoder: Sendable {
    /// Whether the answer is complete, while usage may still follow: the finish reason has been received, and something
    /// was said, or the reason itself explains why not.
    ///
    /// From here on the rest of the response is awaited for a short time only, and no error in it matters. A finish
    /// reason before anything was said is no end: some providers send one in their first chunk.
    var isAwaitingTrailer: Bool { get }

    /// Decodes bytes into an event; throws a ``ProviderError``.
    mutating func read(_ bytes: ByteBuffer, into event: inout Inference.Event) throws

    /// Decodes the rest at the end of the response; the caller handles a missing finish.
    mutating func end(into event: inout Inference.Event) throws

    /// Returns the events that precede the one of the last call: one read may contain several parts of an answer.
    mutating func takeEarlierEvents() -> [Inference.Event]
}

extension AnswerDecoder {
    mutating func takeEarlierEvents() -> [Inference.Event] { [] }
}
