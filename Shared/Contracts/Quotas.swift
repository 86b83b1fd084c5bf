/// The endpoints of conversation-svc for quotas.
package enum Quotas {
    /// Returns the quota of a subject and its usage.
    ///
    /// Users have access to their own quota and those of their keys, admins to all. Throws `forbidden`, `missing`.
    package struct Find: Endpoint {
        package static let path = "/quotas/find"
        package static let isIdempotent = true
        package typealias Response = Status
        package var subject: Quota.Subject

        package init(subject: Quota.Subject) {
            self.subject = subject
        }
    }

    /// Replaces the quota of a subject; an empty one removes it.
    ///
    /// For admins. Earlier usage in the period counts. Throws `forbidden`, `missing`, `invalid`.
    package struct Set: Endpoint {
        package static let path = "/quotas/set"
        package static let isIdempotent = true
        package typealias Response = Status
        package var subject: Quota.Subject
        package var quota: Quota

        package init(subject: Quota.Subject, quota: Quota) {
            self.subject = subject
            self.quota = quota
        }
    }

    /// The quota of a subject and its usage.
    package struct Status: Codable, Sendable, Hashable {
        package var subject: Quota.Subject
        /// `nil` if there is no quota.
        package var quota: Quota?
        /// Usage in the current period, or of the current day if there is no quota.
        package var used: Usage.Total
        /// Reservations of active calls.
        package var reserved: Usage.Total
        /// Start of the next period.
        package var resetsAt: Timestamp

        package init(
            subject: Quota.Subject,
            quota: Quota?,
            used: Usage.Total,
            reserved: Usage.Total,
            resetsAt: Timestamp
        ) {
            self.subject = subject
            self.quota = quota
            self.used = used
            self.reserved = reserved
            self.resetsAt = resetsAt
        }
    }

    /// Reserves the estimated usage of a call in the principal's quotas, before the model is called.
    ///
    /// Throws `quota_exceeded` with a message that names the quota, its limit and its reset. If a cost quota applies,
    /// throws `forbidden` for a model without a price, and the fault of a price look-up that failed.
    package struct Reserve: Endpoint, Hashable {
        package static let path = "/quotas/reserve"
        package typealias Response = Reserved
        /// `provider/model` or a model name (default: the default model).
        package var model: String?
        /// Estimated number of prompt tokens.
        package var promptTokens: Int
        /// Maximum number of completion tokens (default: an estimate).
        package var maxTokens: Int?
        /// Id of the reservation, chosen by the caller so that it can be settled without a response (default: new).
        ///
        /// Idempotent: a second request with the same id reserves nothing.
        package var reservation: Reservation.ID?

        package init(
            model: String?,
            promptTokens: Int,
            maxTokens: Int? = nil,
            reservation: Reservation.ID? = nil
        ) {
            self.reservation = reservation
            self.model = model
            self.promptTokens = promptTokens
            self.maxTokens = maxTokens
        }
    }

    /// The result of a reservation.
    package struct Reserved: Codable, Sendable, Hashable {
        /// The reservation to settle after the call; `nil` if no quota applies.
        package var reservation: Reservation.ID?
        /// Maximum number of completion tokens that the quota allows; `nil`: unlimited.
        package var answerLimit: Int?

        package init(reservation: Reservation.ID?, answerLimit: Int? = nil) {
            self.reservation = reservation
            self.answerLimit = answerLimit
        }
    }

    /// A part of a quota reserved for a call; counts as used if it is not settled in time.
    package enum Reservation {
        package typealias ID = Identifier<Reservation>
    }

    /// Replaces reservations by the actual usage in one transaction.
    ///
    /// Idempotent: ignores reservations that no longer exist. For the gateway, without a principal.
    package struct Settle: Endpoint {
        package static let path = "/quotas/settle"
        package static let isIdempotent = true
        package typealias Response = Done
        package var settlements: [Settlement]

        package init(settlements: [Settlement]) {
            self.settlements = settlements
        }
    }

    /// The actual usage of a call with a reservation.
    package struct Settlement: Codable, Sendable, Hashable {
        package var reservation: Reservation.ID
        /// `provider/model`.
        package var model: String
        /// `nil` for a call that reached no model: no usage is recorded.
        package var usage: Usage?

        package init(reservation: Reservation.ID, model: String, usage: Usage?) {
            self.reservation = reservation
            self.model = model
            self.usage = usage
        }
    }
}
