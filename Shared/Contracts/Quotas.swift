/// What conversation-svc answers about quotas.
package enum Quotas {
    /// Tells somebody's quota and how much of it is left.
    ///
    /// Users see their own and those of their keys, admins everybody's. Throws `forbidden`, `missing`.
    package struct Find: Endpoint {
        package static let path = "/quotas/find"
        package typealias Response = Status
        package var subject: Quota.Subject

        package init(subject: Quota.Subject) {
            self.subject = subject
        }
    }

    /// Sets somebody's quota in the place of what there was; an empty one takes it away.
    ///
    /// For admins. What was used in the period before counts. Throws `forbidden`, `missing`, `invalid`.
    package struct Set: Endpoint {
        package static let path = "/quotas/set"
        package typealias Response = Status
        package var subject: Quota.Subject
        package var quota: Quota

        package init(subject: Quota.Subject, quota: Quota) {
            self.subject = subject
            self.quota = quota
        }
    }

    /// How somebody's quota stands.
    package struct Status: Codable, Sendable, Hashable {
        package var subject: Quota.Subject
        /// Absent: no quota applies.
        package var quota: Quota?
        /// What was used in this period, or this day where no quota says another.
        package var used: Usage.Total
        /// What calls that are going on may take beside it.
        package var reserved: Usage.Total
        /// When the next period begins.
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

    /// Reserves what a call may take of the principal's quotas, before a model is asked.
    ///
    /// Throws `quota_exceeded` with a sentence that says which quota, how much, and when it begins anew; where a quota of
    /// money applies, `forbidden` for a model without a price, and whatever keeps the price from being known.
    package struct Reserve: Endpoint, Hashable {
        package static let path = "/quotas/reserve"
        package typealias Response = Reserved
        /// `provider/model` or a bare name; absent for the default.
        package var model: String?
        /// How many tokens the prompt has, estimated.
        package var promptTokens: Int
        /// The most that the answer may have; absent: as many as is usual.
        package var maxTokens: Int?
        /// The name that the reservation is to have, so that whoever hears no answer can settle it; absent: a new one.
        ///
        /// A repeat under it reserves nothing more.
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

    /// What became of a wish to reserve.
    package struct Reserved: Codable, Sendable, Hashable {
        /// What to settle when the call is over; absent when no quota applies, and nothing was reserved.
        package var reservation: Reservation.ID?
        /// How many tokens the answer may have so that the quota holds; absent: as many as it wants.
        package var answerLimit: Int?

        package init(reservation: Reservation.ID?, answerLimit: Int? = nil) {
            self.reservation = reservation
            self.answerLimit = answerLimit
        }
    }

    /// A part of a quota that a call has for itself; one that is not settled in time counts as used up.
    package enum Reservation {
        package typealias ID = Identifier<Reservation>
    }

    /// Puts the truth in the place of reservations: the usage is recorded and the reservation gone in one commit.
    ///
    /// A reservation that is not there any more is left out, so repeats do nothing. For the gateway, without a principal.
    package struct Settle: Endpoint {
        package static let path = "/quotas/settle"
        package typealias Response = Done
        package var settlements: [Settlement]

        package init(settlements: [Settlement]) {
            self.settlements = settlements
        }
    }

    /// What a call took for which something was reserved.
    package struct Settlement: Codable, Sendable, Hashable {
        package var reservation: Reservation.ID
        /// `provider/model`.
        package var model: String
        /// Absent for a call that never reached a model: then nothing counts.
        package var usage: Usage?

        package init(reservation: Reservation.ID, model: String, usage: Usage?) {
            self.reservation = reservation
            self.model = model
            self.usage = usage
        }
    }
}
