import Contracts
import Synchronization

/// A model call whose usage is metered.
final class MeteredCall: Sendable {
    /// The usage of a finished call.
    enum Outcome: Sendable {
        /// The provider reported the usage.
        case reported(model: String, usage: Usage)
        /// The model was asked, but the usage is unknown: the stream broke off or the client disconnected. The usage is
        /// estimated from the size of the received text.
        case estimated(model: String, completionBytes: Int)
        /// No model was reached, or it rejected the request. Nothing is charged.
        case rejected

        /// The outcome of a completed generation.
        init(_ finish: Inference.Finish) {
            guard let usage = finish.usage else {
                self = .estimated(model: finish.model, completionBytes: 0)
                return
            }
            self = .reported(model: finish.model, usage: usage)
        }

        /// The outcome of a failed generation: after an interruption the model has read the prompt.
        ///
        /// The model stays empty, because the client's text may not be the name of a model.
        init(after error: any Error) {
            guard let fault = error as? Fault,
                ![.cut, .timeout, .keyInvalidated].contains(fault.code) || fault.reachedNoProvider
            else {
                self = .estimated(model: "", completionBytes: 0)
                return
            }
            self = .rejected
        }
    }

    private struct State {
        var reservation: Quotas.Reservation.ID?
        var answerLimit: Int?
        var isFinished = false
    }

    let principal: Principal
    /// Estimated number of prompt tokens.
    let promptTokens: Int
    private let meter: CallMeter
    private let state = Mutex(State())

    init(principal: Principal, promptTokens: Int, meter: CallMeter) {
        self.principal = principal
        self.promptTokens = promptTokens
        self.meter = meter
    }

    deinit {
        // Not finished because of an error on the way; a model may have been asked.
        guard releaseSlot(), let id = state.withLock({ $0.reservation }) else { return }
        settle(id, .estimated(model: "", completionBytes: 0))
    }

    func setReservation(_ reserved: Quotas.Reserved) {
        state.withLock { state in
            state.reservation = reserved.reservation
            state.answerLimit = reserved.answerLimit
        }
    }

    /// Maximum number of completion tokens that the quota allows; `nil` means unlimited.
    var answerLimit: Int? { state.withLock { $0.answerLimit } }

    /// Releases the slot and hands the usage to the reporter; idempotent.
    ///
    /// Does not wait: the response ends at once, and the ``UsageReporter`` sends the usage, also during shutdown.
    func finish(_ outcome: Outcome) {
        guard releaseSlot() else { return }
        if let id = state.withLock({ $0.reservation }) {
            settle(id, outcome)
        } else {
            let (model, usage) = usage(of: outcome)
            if let usage { meter.reporter.record(principal, model: model, usage: usage) }
        }
    }

    /// Releases the slot; returns `false` if it was released before.
    @discardableResult
    func releaseSlot() -> Bool {
        let isFirst = state.withLock { state in
            defer { state.isFinished = true }
            return !state.isFinished
        }
        if isFirst { meter.limiter.release(principal) }
        return isFirst
    }

    private func settle(_ id: Quotas.Reservation.ID, _ outcome: Outcome) {
        let (model, usage) = usage(of: outcome)
        let settlement = Quotas.Settlement(reservation: id, model: model, usage: usage)
        meter.reporter.settle(settlement, of: principal.user)
    }

    private func usage(of outcome: Outcome) -> (model: String, usage: Usage?) {
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

extension Fault {
    /// Whether every attempt ended before a request was sent, in a queue for example.
    fileprivate var reachedNoProvider: Bool {
        attempts.map { !$0.isEmpty && $0.allSatisfy { $0.outcome != .failed } } ?? false
    }
}
