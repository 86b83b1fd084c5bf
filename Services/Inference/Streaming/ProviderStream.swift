import Bus
import Contracts
import HTTP
import NIOCore
import NIOPosix
import Synchronization

/// Reads a provider's answer to where the provider says that it is done; nothing less is an end.
final class ProviderStream<Decoder: AnswerDecoder>: Sendable {
    /// How much is read after the end has been said, for the sake of the connection.
    private static var tailLimit: Int { 65_536 }
    /// How long what comes after the model's last word is waited for: the count of its tokens.
    private static var settlingLimit: TimeAmount { .seconds(2) }

    private struct State {
        var decoder: Decoder
        var isFinished = false
        /// What is to be thrown once the text before it has been handed out.
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

    /// The stream for who reads it.
    var events: ElementStream<Inference.Event> {
        ElementStream(next: { try await self.next() }, close: { self.close() })
    }

    /// What one read brought, as one event; no event when it was nothing of the answer.
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
            // Who had said the last word before the connection broke, is done.
            return try take(nil, else: faults.streamFailed(error))
        } catch is CancellationError where !Task.isCancelled && state.withLock({ $0.decoder.isAwaitingTrailer }) {
            // Nobody left but our own timer.
            return try take(nil, else: faults.unfinished)
        }
        return try take(bytes, else: faults.unfinished)
    }

    func close() {
        state.withLock { $0.timer }?.cancel()
        body.close()
    }

    private func take(_ bytes: ByteBuffer?, else missing: @autoclosure () -> ProviderError) throws -> [Inference.Event]
    {
        let (event, error) = state.withLock { state in
            var event = Inference.Event()
            do {
                if let bytes {
                    try state.decoder.read(bytes, into: &event)
                } else {
                    try state.decoder.end(into: &event)
                    if event.finish == nil { throw missing() }
                }
            } catch {
                state.error = event.finish == nil ? error : nil
            }
            state.isFinished = event.finish != nil
            if state.decoder.isAwaitingTrailer, !state.isFinished, state.timer == nil { state.timer = settle() }
            return (event, state.error)
        }
        if let error {
            close()
            if event.isEmpty { throw error }
        }
        return event.isEmpty ? [] : [event]
    }

    private func settle() -> Scheduled<Void> {
        let body = body
        return MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: Self.settlingLimit) { body.close() }
    }

    /// Reads on to the body's proper end, so that the connection can be used again; leaves when that is much.
    private func drain() async {
        var count = 0
        // The end has been said: how the connection fares after it changes nothing.
        do {
            while count < Self.tailLimit, let bytes = try await body.nextRead() { count += bytes.readableBytes }
        } catch {}
        close()
    }
}
