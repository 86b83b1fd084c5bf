import Bus
import Contracts
import HTTP
import NIOCore
import NIOPosix
import Synchronization

/// Reads and decodes a provider's response until its finish event.
///
/// Thread-safe.
final class ProviderStream<Decoder: AnswerDecoder>: Sendable {
    /// Maximum number of bytes that are read after the finish event, so that the connection can be reused.
    private static var tailLimit: Int { 65_536 }
    /// Maximum time to wait for usage after the finish reason of an answer, or for more of the answer.
    ///
    /// A finish reason before anything was said starts no such wait: the limits of the generation apply.
    private static var settlingLimit: TimeAmount { .seconds(2) }

    private struct State {
        var decoder: Decoder
        var isFinished = false
        /// Whether nothing but white space has arrived.
        var isBlank = true
        /// The error to throw after the events before it were returned.
        var error: (any Error)?
        var timer: Scheduled<Void>?
    }

    private let body: HTTPClient.Body
    private let faults: ProviderFaults
    private let state: Mutex<State>

    init(body: HTTPClient.Body, faults: ProviderFaults, decoder: Decoder) {
        self.body = body
        self.faults = faults
        state = Mutex(State(decoder: decoder))
    }

    /// The events as a stream.
    var events: ElementStream<Inference.Event> {
        ElementStream(next: { try await self.next() }, close: { self.close() })
    }

    /// Returns the content of one read as one event, or no event if there was none.
    func next() async throws -> [Inference.Event]? {
        let (isFinished, error) = state.withLock { ($0.isFinished, $0.error) }
        if isFinished {
            await drain()
            return nil
        }
        if let error { throw error }
        let bytes: ByteBuffer?
        do {
            bytes = try await body.nextRead()
        } catch let error as HTTPClientError {
            // An answer with a finish reason is complete, although the connection failed.
            return try take(nil, else: faults.streamFailed(error))
        } catch is CancellationError where !Task.isCancelled && state.withLock({ $0.decoder.isAwaitingTrailer }) {
            // The timer closed the connection.
            return try take(nil, else: faults.incompleteStream)
        }
        return try take(bytes, else: faults.incompleteStream)
    }

    func close() {
        state.withLock { $0.timer }?.cancel()
        body.close()
    }

    private func take(_ bytes: ByteBuffer?, else missing: @autoclosure () -> ProviderError) throws -> [Inference.Event]
    {
        let (events, error) = state.withLock { state in
            var event = Inference.Event()
            do {
                if state.isBlank, let first = bytes?.readableBytesView.first(where: Self.isVisible) {
                    state.isBlank = false
                    // No API has such an answer, but every web server has such pages.
                    if first == UInt8(ascii: "<") { throw faults.noInterface }
                }
                try Self.decode(bytes, into: &event, &state.decoder)
                if bytes == nil, event.finish == nil { throw missing() }
            } catch {
                state.error = event.finish == nil ? error : nil
            }
            state.isFinished = event.finish != nil
            updateTimer(&state, hasContent: !event.isEmpty)
            var events = state.decoder.takeEarlierEvents()
            if !event.isEmpty { events.append(event) }
            return (events, state.error)
        }
        if let error {
            close()
            if events.isEmpty { throw error }
        }
        return events
    }

    /// Decodes bytes, or the end; nothing that follows a complete answer can make it fail.
    private static func decode(
        _ bytes: ByteBuffer?,
        into event: inout Inference.Event,
        _ decoder: inout Decoder
    ) throws {
        do {
            if let bytes { return try decoder.read(bytes, into: &event) }
            try decoder.end(into: &event)
        } catch {
            guard decoder.isAwaitingTrailer, event.finish == nil else { throw error }
            try decoder.end(into: &event)
        }
    }

    /// Limits the time from the last content of a complete answer to its end.
    private func updateTimer(_ state: inout State, hasContent: Bool) {
        guard state.decoder.isAwaitingTrailer, !state.isFinished, state.timer == nil || hasContent else { return }
        state.timer?.cancel()
        state.timer = settle()
    }

    /// Whether a byte is neither white space nor part of a byte order mark.
    private static func isVisible(_ byte: UInt8) -> Bool { byte > 0x20 && ![0xEF, 0xBB, 0xBF].contains(byte) }

    private func settle() -> Scheduled<Void> {
        let body = body
        return MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: Self.settlingLimit) { body.close() }
    }

    /// Reads to the end of the response so that the connection can be reused, up to a limit.
    private func drain() async {
        var count = 0
        // Errors after the finish event are irrelevant.
        do {
            while count < Self.tailLimit, let bytes = try await body.nextRead() { count += bytes.readableBytes }
        } catch {}
        close()
    }
}
