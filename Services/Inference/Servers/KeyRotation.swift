/// Which API key of a server comes next: a pure state machine, which receives the time as an argument.
///
/// Requests take turns with the keys. A key that was refused, that is spent or limited is set aside for a while.
struct KeyRotation: Sendable {
    typealias Instant = ContinuousClock.Instant

    private var pausedUntil: [Instant?]
    private var turn = 0

    init(count: Int) {
        pausedUntil = Array(repeating: nil, count: count)
    }

    /// The index of the next key that is neither tried nor set aside.
    ///
    /// If all keys are set aside, the first try gets the one that is back first, because only the provider knows whether
    /// it works again; `nil` if a try would be in vain.
    mutating func next(excluding tried: Set<Int>, at now: Instant) -> Int? {
        let order = pausedUntil.indices.map { ($0 + turn) % pausedUntil.count }.filter { !tried.contains($0) }
        let ready = order.first { index in pausedUntil[index].map { $0 <= now } ?? true }
        let soonest = tried.isEmpty ? order.min { pausedUntil[$0] ?? now < pausedUntil[$1] ?? now } : nil
        guard let index = ready ?? soonest else { return nil }
        turn = (index + 1) % pausedUntil.count
        return index
    }

    /// Sets a key aside for what went wrong with it.
    mutating func setAside(_ index: Int, _ cause: Cause, delay: Duration?, at now: Instant) {
        guard let pause = Self.pause(cause, delay: delay) else { return }
        pausedUntil[index] = now + pause
    }

    /// A key that works is used again at once.
    mutating func succeeded(_ index: Int) {
        pausedUntil[index] = nil
    }

    /// How long a key rests; `nil` if the cause is not the key's.
    static func pause(_ cause: Cause, delay: Duration?) -> Duration? {
        switch cause {
        case .credential: .seconds(300)
        case .spent: .seconds(600)
        case .limited: min(delay ?? .seconds(15), .seconds(3600))
        default: nil
        }
    }
}
