/// How much a user or a key may take in a day or a month, UTC; what is absent has no limit.
package struct Quota: Codable, Sendable, Hashable {
    package var period: Period
    /// Calls and turns that a model was asked to answer.
    package var requests: Int?
    /// Tokens of prompts and completions together.
    package var tokens: Int?
    /// Money, in millionths of the currency of the prices.
    package var cost: Int?
    /// How many answers may be made at once.
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

    /// Whether it limits nothing.
    package var isEmpty: Bool { requests == nil && tokens == nil && cost == nil && concurrentRuns == nil }

    /// After which time the counting begins anew.
    package enum Period: String, Codable, Sendable, CaseIterable {
        /// At midnight, UTC.
        case day
        /// At midnight before the first of the month, UTC.
        case month

        /// The first day of the period that a day is in.
        package func start(of day: Day) -> Day {
            self == .day ? day : day.startOfMonth
        }

        /// The first day of the period after that.
        package func end(of day: Day) -> Day {
            self == .day ? Day(number: day.number + 1) : day.startOfNextMonth
        }
    }

    /// To whom a quota applies; as text `user:alice` or `key:<id>`.
    package enum Subject: Codable, Sendable, Hashable, CustomStringConvertible {
        case user(String)
        case key(APIKey.ID)

        /// Reads `user:alice` or `key:<id>`.
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

        /// Two names are the same when their bytes are, as the store has it.
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
    /// To whom quotas of this principal apply: the user, and the key that they came with.
    package var quotaSubjects: [Quota.Subject] {
        [.user(user)] + (key.map { [.key($0)] } ?? [])
    }
}
