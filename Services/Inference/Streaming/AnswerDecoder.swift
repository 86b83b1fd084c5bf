import Contracts
import NIOCore

/// Makes events of the bytes of an answer in one dialect; pure.
///
/// Bytes may be cut anywhere. What a read brought before something was wrong is in the event when the error is thrown.
protocol AnswerDecoder: Sendable {
    /// Whether the model has said that it is done, although the event of it may wait for what comes after.
    var isAwaitingTrailer: Bool { get }

    /// Adds what the bytes say to an event, its finish last; throws a ``ProviderError``.
    mutating func read(_ bytes: ByteBuffer, into event: inout Inference.Event) throws

    /// Adds what is left when nothing more comes; an answer without an end is the reader's to judge.
    mutating func end(into event: inout Inference.Event) throws
}
