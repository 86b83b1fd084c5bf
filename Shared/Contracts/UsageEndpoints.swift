/// What conversation-svc answers about usage: who took how much of which model on which day, UTC.
extension Usage {
    /// Adds what calls took that conversation-svc did not make itself; for the gateway, without a principal.
    ///
    /// A batch that comes again counts once. Throws `invalid`.
    package struct Record: Endpoint {
        package static let path = "/usage/record"
        package typealias Response = Done
        package typealias ID = Identifier<Record>
        /// The name of the batch.
        package var batch: ID
        package var entries: [Entry]

        package init(batch: ID, entries: [Entry]) {
            self.batch = batch
            self.entries = entries
        }
    }

    /// What a user took of a model on a day, with a key or with none.
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

    /// Tells the usage of a time, by day, model, key and user as wanted.
    ///
    /// Users see their own, admins everybody's. Throws `forbidden`, and `invalid` for more lines than are told at once.
    package struct Report: Endpoint {
        package static let path = "/usage/report"
        package typealias Response = Summary
        /// Whose; absent: the caller's.
        package var user: String?
        /// Whether everybody's is wanted.
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

    /// By what usage is told apart.
    package enum Group: String, Codable, Sendable, CaseIterable {
        case day
        case model
        case key
        case user
    }

    /// The usage of a time.
    package struct Summary: Codable, Sendable, Hashable {
        package var lines: [Line]
        package var total: Total

        package init(lines: [Line], total: Total) {
            self.lines = lines
            self.total = total
        }
    }

    /// The usage of one group; of what it is not told apart by, nothing is said.
    package struct Line: Codable, Sendable, Hashable {
        package var day: Day?
        package var model: String?
        /// Absent as well for what was used without a key.
        package var key: APIKey.ID?
        /// What the key is called; absent when it was revoked.
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
