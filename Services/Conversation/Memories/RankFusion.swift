/// Combines ranked lists into one (reciprocal rank fusion): the scores of the lists need not be comparable.
///
/// Pure function.
enum RankFusion {
    /// Reduces the difference between the first places of a list.
    private static let smoothing = 60.0

    /// Returns the items by the sum of `1 / (60 + place)` over the lists, highest first; of equals, the larger first.
    static func fuse<Item: Hashable & Comparable>(_ lists: [[Item]]) -> [Item] {
        var scores: [Item: Double] = [:]
        for list in lists {
            for (place, item) in list.enumerated() { scores[item, default: 0] += 1 / (smoothing + Double(place + 1)) }
        }
        return scores.sorted { ($0.value, $0.key) > ($1.value, $1.key) }.map(\.key)
    }
}
