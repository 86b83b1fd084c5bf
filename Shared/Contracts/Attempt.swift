/// One try to have a model answer, as routing decided it.
package struct Attempt: Codable, Sendable, Hashable {
    /// `provider/model`.
    package var model: String
    package var outcome: Outcome
    /// Which kind of fault it was, unless it answered.
    package var code: Fault.Code?
    /// What the provider's HTTP status was, where it was not 200.
    package var status: Int?
    /// How long it took, until the answer's first sign or the fault.
    package var milliseconds: Int

    package init(
        model: String,
        outcome: Outcome,
        code: Fault.Code? = nil,
        status: Int? = nil,
        milliseconds: Int
    ) {
        self.model = model
        self.outcome = outcome
        self.code = code
        self.status = status
        self.milliseconds = milliseconds
    }

    /// What became of it.
    package enum Outcome: String, Codable, Sendable {
        /// The model answers.
        case answered
        /// It failed before it gave anything.
        case failed
        /// It was not asked, since it failed again and again lately.
        case skipped
        /// It was not asked, since too many waited for it.
        case refused
    }
}
