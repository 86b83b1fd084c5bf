import Bus
import Contracts
import Synchronization

/// Adds a verdict on the format of an answer to its finish event.
///
/// Thread-safe.
final class FormatStream: Sendable {
    private struct State {
        var text = ""
        var isRefusal = false
        var hasCalls = false
        var isTooLong = false
    }

    private let upstream: ElementStream<Inference.Event>
    private let validator: FormatValidator
    private let state = Mutex(State())

    init(_ upstream: ElementStream<Inference.Event>, validator: FormatValidator) {
        self.upstream = upstream
        self.validator = validator
    }

    var events: ElementStream<Inference.Event> {
        ElementStream(next: { try await self.next() }, close: { self.upstream.close() })
    }

    private func next() async throws -> [Inference.Event]? {
        guard var events = try await upstream.nextBatch() else { return nil }
        let last = state.withLock { state in
            for event in events { Self.take(event, &state) }
            return events.firstIndex { $0.finish != nil }
        }
        guard let last, let finish = events[last].finish else { return events }
        events[last].finish?.format = try await verdict(finish.reason)
        return events
    }

    private static func take(_ event: Inference.Event, _ state: inout State) {
        if event.refusal != nil { state.isRefusal = true }
        if event.toolCalls != nil { state.hasCalls = true }
        guard let text = event.text, !state.isTooLong else { return }
        state.text += text
        guard state.text.utf8.count > FormatValidator.textLimit else { return }
        (state.isTooLong, state.text) = (true, "")
    }

    private func verdict(_ reason: Inference.Finish.Reason) async throws -> Inference.FormatVerdict? {
        let state = state.withLock { $0 }
        // A call of a tool has no format, and a very long answer is not validated.
        if state.hasCalls || state.isTooLong { return nil }
        if state.isRefusal || reason == .contentFilter { return FormatValidator.refused }
        return try await validator.verdict(on: state.text, isCut: reason == .length)
    }
}

extension GenerationRequest {
    /// The events with a verdict on the format of the answer; unchanged if the answer is plain text.
    func validated(_ events: ElementStream<Inference.Event>) -> ElementStream<Inference.Event> {
        formatValidator.map { FormatStream(events, validator: $0).events } ?? events
    }
}
