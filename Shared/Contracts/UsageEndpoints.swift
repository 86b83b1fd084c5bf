/// The endpoints of conversation-svc for usage by user, key, model and day, UTC.
extension Usage {
    /// Records usage that did not come from runs; for the gateway, without a principal.
    ///
    /// Idempotent: a repeated batch is ignored. Throws `invalid`.
    package struct Record: Endpoint {
        package static let path = "/usage/record"
        package static let isIdempotent = true
        package typealias Response = Done
        package typealias ID = Identifier<Record>
        /// Id of the batch.
        package var batch: ID
        package var entries: [Entry]

        package init(batch: ID, entries: [Entry]) {
            self.batch = batch
            self.entries = entries
        }
    }

    /// The usage of a model by a user on one day, with or without an API key.
    package struct Entry: Codable, Sendable, Hashable {
        package var user: String
        package var key: APIKey.ID?
        /// `provider/model`.
        package var model: String
        package var day: Day
        package var total: Total

        package init(user: String, key: APIKey.ID?, model: String, day: Day, total: Total) {
            self.user = user
            self.key = key
            self.model = model
            self.day = day
            self.total = total
        }

        private enum CodingKeys: String, CodingKey {
            case user
            case key
            case model
            case day
            case total = "tally"
        }
    }

    /// Returns the usage of a period, grouped by any of day, model, key and user.
    ///
    /// Users have access to their own usage, admins to all. Throws `forbidden`, and `invalid` for too many lines.
    package struct Report: Endpoint {
        package static let path = "/usage/report"
        package static let isIdempotent = true
        package typealias Response = Summary
        /// The user (default: the caller).
        package var user: String?
        /// Whether to include all users.
        package var isAll: Bool
        /// The first day.
        package var from: Day
        /// The last day.
        package var to: Day
        package var groups: [Group]

        package init(user: String? = nil, isAll: Bool = false, from: Day, to: Day, groups: [Group]) {
            self.user = user
            self.isAll = isAll
            self.from = from
            self.to = to
            self.groups = groups
        }
    }

    /// A property by which usage is grouped.
    package enum Group: String, Codable, Sendable, CaseIterable {
        case day
        case model
        case key
        case user
    }

    /// The usage of a period.
    package struct Summary: Codable, Sendable, Hashable {
        package var lines: [Line]
        package var total: Total

        package init(lines: [Line], total: Total) {
            self.lines = lines
            self.total = total
        }
    }

    /// The usage of one group; properties that are not grouped by are `nil`.
    package struct Line: Codable, Sendable, Hashable {
        package var day: Day?
        package var model: String?
        /// `nil` also for usage without a key.
        package var key: APIKey.ID?
        /// Name of the key; `nil` if it was revoked.
        package var keyName: String?
        package var user: String?
        package var total: Total

        package init(
            day: Day? = nil,
            model: String? = nil,
            key: APIKey.ID? = nil,
            keyName: String? = nil,
            user: String? = nil,
            total: Total
        ) {
            self.day = day
            self.model = model
            self.key = key
            self.keyName = keyName
            self.user = user
            self.total = total
        }

        private enum CodingKeys: String, CodingKey {
            case day
            case model
            case key
            case keyName
            case user
            case total = "tally"
        }
    }
}
