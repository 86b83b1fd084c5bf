import NIOCore

/// How fast a body comes.
///
/// Pure.
struct BodyTimeout {
    /// The whole of a body must be there within this.
    private static let limit = TimeAmount.seconds(60)
    /// From then on, the body must have come with at least so many bytes a second.
    private static let patience = TimeAmount.seconds(5)
    private static let minimumRate: Int64 = 1024

    private(set) var bytes = 0
    private let start: NIODeadline

    init(start: NIODeadline = .now()) {
        self.start = start
    }

    mutating func add(_ count: Int) {
        bytes += count
    }

    func isTooSlow(now: NIODeadline) -> Bool {
        let elapsed = now - start
        if elapsed > Self.limit { return true }
        guard elapsed > Self.patience else { return false }
        return Int64(bytes) < elapsed.nanoseconds / 1_000_000_000 * Self.minimumRate
    }
}
