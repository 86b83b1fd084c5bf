import Contracts
import Synchronization

/// A call of a model that is being counted.
final class MeteredCall: Sendable {
    /// How a call ended.
    enum Outcome: Sendable {
        /// The model's provider said what it took.
        case reported(model: String, usage: Usage)
        /// The model was asked, and nobody said what it took: it broke off, or its client left. What came so far has so
        /// many bytes.
        case estimated(model: String, completionBytes: Int)
        /// No model was reached, or it refused: nothing is charged.
        case rejected

        /// What a generation came to that has ended as it should.
        init(_ finish: Inference.Finish) {
            guard let usage = finish.usage else {
                self = .estimated(model: finish.model, completionBytes: 0)
                return
            }
            self = .reported(model: finish.model, usage: usage)
        }

        /// What a call came to that failed: a model that broke off, or was left, has read the prompt.
        ///
        /// Which model that was nobody has said: what the client wrote may be no name at all.
        init(after error: any Error) {
            guard let fault = error as? Fault, ![.cut, .timeout, .keyInvalidated].contains(fault.code) else {
                self = .estimated(model: "", completionBytes: 0)
                return
            }
            self = .rejected
        }
    }

    private struct State {
        var reservation: Quotas.Reservation.ID?
        var answerLimit: Int?
        var isOver = false
    }

    let principal: Principal
    /// The prompt's tokens, estimated.
    let promptTokens: Int
    private let meter: CallMeter
    private let state = Mutex(State())

    init(principal: Principal, promptTokens: Int, meter: CallMeter) {
        self.principal = principal
        self.promptTokens = promptTokens
        self.meter = meter
    }

    deinit {
        // Nobody ended it: something broke on the way, and a model may have been asked.
        guard releaseSlot(), let id = state.withLock({ $0.reservation }) else { return }
        let (model, usage) = taken(.estimated(model: "", completionBytes: 0))
        meter.reporter.settle(Quotas.Settlement(reservation: id, model: model, usage: usage))
    }

    func setReservation(_ reserved: Quotas.Reserved) {
        state.withLock { state in
            state.reservation = reserved.reservation
            state.answerLimit = reserved.answerLimit
        }
    }

    /// How many tokens the answer may have so that a quota holds; absent: as many as it wants.
    var answerLimit: Int? { state.withLock { $0.answerLimit } }

    /// Ends the call: its place is free, and what it took is counted; a second time does nothing.
    ///
    /// Waits for conversation-svc only where something was reserved, and never fails: what cannot be told now is told later.
    func finish(_ outcome: Outcome) async {
        guard releaseSlot() else { return }
        let (model, usage) = taken(outcome)
        guard let id = state.withLock({ $0.reservation }) else {
            if let usage { meter.reporter.record(principal, model: model, usage: usage) }
            return
        }
        let settlement = Quotas.Settlement(reservation: id, model: model, usage: usage)
        // A client that left has cancelled this task, and yet it must be told.
        await Task { await meter.settle(settlement) }.value
    }

    /// Gives the call's place back; answers whether that was not done before.
    @discardableResult
    func releaseSlot() -> Bool {
        let isFirst = state.withLock { state in
            defer { state.isOver = true }
            return !state.isOver
        }
        if isFirst { meter.limiter.release(principal) }
        return isFirst
    }

    private func taken(_ outcome: Outcome) -> (model: String, usage: Usage?) {
        switch outcome {
        case .reported(let model, let usage): (model, usage)
        case .estimated(let model, let bytes):
            (
                model,
                Usage(
                    promptTokens: promptTokens,
                    completionTokens: TokenEstimate.tokens(inAnswerOf: bytes),
                    isEstimated: true
                )
            )
        case .rejected: ("", nil)
        }
    }
}
