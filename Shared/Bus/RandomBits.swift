import Synchronization

/// A fast pseudo-random generator for ids in logs, seeded once by the system; thread-safe, not for secrets.
final class RandomBits: Sendable {
    static let shared = RandomBits()

    private let state: Mutex<UInt64>

    private init() {
        state = Mutex(.random(in: .min ... .max))
    }

    /// Returns the next number (SplitMix64).
    func next() -> UInt64 {
        var value = state.withLock { state in
            state &+= 0x9E37_79B9_7F4A_7C15
            return state
        }
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
