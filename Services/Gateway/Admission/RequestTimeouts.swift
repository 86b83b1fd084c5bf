import NIOCore
import NIOHTTP1

/// Whether a request comes fast enough, from its first byte to its last.
///
/// Pure.
struct RequestTimeouts {
    /// A head must be whole within this.
    private static let headLimit = TimeAmount.seconds(10)

    private enum Phase {
        /// Between two requests.
        case idle
        case head(since: NIODeadline)
        case body(BodyTimeout)
    }

    private var phase = Phase.idle

    /// Whether no request is under way.
    var isIdle: Bool {
        if case .idle = phase { true } else { false }
    }

    mutating func bytesArrived(at now: NIODeadline) {
        guard isIdle else { return }
        phase = .head(since: now)
    }

    mutating func headEnded(at now: NIODeadline) {
        phase = .body(BodyTimeout(start: now))
    }

    /// How many bytes of the body have come by now.
    mutating func bodyArrived(_ count: Int) -> Int {
        guard case .body(var pace) = phase else { return 0 }
        pace.add(count)
        phase = .body(pace)
        return pace.bytes
    }

    mutating func requestEnded() {
        phase = .idle
    }

    /// What is to be said to a client that is too slow; `nil` for one that is not.
    func refusal(at now: NIODeadline) -> RejectedRequest? {
        switch phase {
        case .idle: nil
        case .head(let since) where now - since > Self.headLimit:
            RejectedRequest(.requestTimeout, "The request did not come in time.")
        case .body(let pace) where pace.isTooSlow(now: now):
            RejectedRequest(.requestTimeout, "The body comes too slowly.")
        case .head, .body: nil
        }
    }
}
