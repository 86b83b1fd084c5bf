/// Limits for a user or an API key per day or month, UTC (default of each limit: unlimited).
package struct Quota: Codable, Sendable, Hashable {
    package var period: Period
    /// Maximum number of generations.
    package var requests: Int?
    /// Maximum number of prompt and completion tokens together.
    package var tokens: Int?
    /// Maximum cost, in millionths of the currency of the prices.
    package var cost: Int?
    /// Maximum number of generations at the same time.
    package var concurrentRuns: Int?

    package init(
        period: Period,
        requests: Int? = nil,
        tokens: Int? = nil,
        cost: Int? = nil,
        concurrentRuns: Int? = nil
    ) {
        self.period = period
        self.requests = requests
        self.tokens = tokens
        self.cost = cost
        self.concurrentRuns = concurrentRuns
    }

    /// Whether no limit is set.
    package var isEmpty: Bool { requests == nil && tokens == nil && cost == nil && concurrentRuns == nil }

    /// The period after which usage is reset.
    package enum Period: String, Codable, Sendable, CaseIterable {
        /// Reset at midnight, UTC.
        case day
        /// Reset at midnight on the first day of the month, UTC.
        case month

        /// The first day of the period that contains a day.
        package func start(of day: Day) -> Day {
            self == .day ? day : day.startOfMonth
        }

        /// The first day of the next period.
        package func end(of day: Day) -> Day {
            self == .day ? Day(number: day.number + 1) : day.startOfNextMonth
        }
    }

    /// The user or key that a quota applies to; as text `user:alice` or `key:<id>`.
    package enum Subject: Codable, Sendable, Hashable, CustomStringConvertible {
        case user(String)
        case key(APIKey.ID)

        /// Parses `user:alice` or `key:<id>`.
        package init?(_ text: some StringProtocol) {
            if text.hasPrefix("user:"), text.utf8.count > 5 {
                self = .user(String(text.dropFirst(5)))
            } else if text.hasPrefix("key:"), let key = APIKey.ID(text.dropFirst(4)) {
                self = .key(key)
            } else {
                return nil
            }
        }

        package var description: String {
            switch self {
            case .user(let name): "user:\(name)"
            case .key(let key): "key:\(key)"
            }
        }

        /// Compares names bytewise, as the database does.
        package static func == (left: Subject, right: Subject) -> Bool {
            switch (left, right) {
            case (.user(let left), .user(let right)): left.utf8.elementsEqual(right.utf8)
            case (.key(let left), .key(let right)): left == right
            default: false
            }
        }

        package func hash(into hasher: inout Hasher) {
            switch self {
            case .user(var name): name.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
            case .key(let key): hasher.combine(key)
            }
        }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            let text = try container.decode(String.self)
            guard let subject = Self(text) else {
                throw DecodingError.dataCorruptedError(
                    in: container,
                    debugDescription: "It must be user:<name> or key:<id>."
                )
            }
            self = subject
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(description)
        }
    }
}

extension Principal {
    /// The subjects whose quotas apply: the user, and the key of the request.
    package var quotaSubjects: [Quota.Subject] {
        [.user(user)] + (key.map { [.key($0)] } ?? [])
    }
}
