import Contracts

/// Tells for each change of a key or quota whether a later one of the same key or quota is known already.
///
/// Remembers the last change of a bounded number of keys and quotas.
struct AccessChangeOrder {
    /// What a change is about.
    enum Subject: Hashable {
        case key(APIKey.ID)
        case quota(Quota.Subject)
    }

    /// The position of a change among the known ones of its subject.
    enum Position {
        /// The change is the latest.
        case latest
        /// A later change is known.
        case superseded
        /// The change is older than those that were forgotten, so a later one may have been known.
        case unknown
    }

    private let limit: Int
    /// The number of the last change that was known from the start.
    private let start: Int
    /// The highest number that was forgotten.
    private var forgotten = 0
    private var numbers: [Subject: Int] = [:]

    /// - Parameters:
    ///   - start: number of the last change that is known from the start.
    ///   - limit: maximum number of keys and quotas whose last change is remembered.
    init(start: Int, limit: Int = 10_000) {
        self.start = start
        self.limit = limit
    }

    /// Whether a change of a key or quota was recorded and is remembered.
    func contains(_ subject: Subject) -> Bool { numbers[subject] != nil }

    /// Records a change and returns its position.
    mutating func record(_ number: Int, of subject: Subject) -> Position {
        guard number > numbers[subject] ?? start else { return .superseded }
        let isKnown = numbers[subject] != nil
        numbers[subject] = number
        forgetOldest()
        return isKnown || number > forgotten ? .latest : .unknown
    }

    /// Forgets the older half if there are too many.
    private mutating func forgetOldest() {
        guard numbers.count > limit else { return }
        let median = numbers.values.sorted()[numbers.count / 2]
        numbers = numbers.filter { $0.value > median }
        forgotten = max(forgotten, median)
    }
}
