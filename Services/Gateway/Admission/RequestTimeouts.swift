import NIOCore

/// Whether a request arrives in time, from its first byte to its last.
///
/// Pure.
struct RequestTimeouts {
    private enum Phase {
        /// Between two requests.
        case idle
        case head(since: NIODeadline)
        case body(BodyTimeout, waitsForContinue: Bool)
    }

    /// How long a head may take.
    private let headLimit: TimeAmount
    private var phase = Phase.idle
    private var isReading = false

    init(headLimit: TimeAmount) {
        self.headLimit = headLimit
    }

    /// Whether no request is arriving.
    var isIdle: Bool {
        if case .idle = phase { true } else { false }
    }

    mutating func requestStarted(at now: NIODeadline) {
        guard isIdle else { return }
        phase = .head(since: now)
    }

    /// With `waitsForContinue`, the client sends its body after a `100 Continue` only.
    mutating func headEnded(_ limits: BodyTimeout.Limits, waitsForContinue: Bool, at now: NIODeadline) {
        var timeout = BodyTimeout(limits)
        if isReading, !waitsForContinue { timeout.startReading(at: now) }
        phase = .body(timeout, waitsForContinue: waitsForContinue)
    }

    /// The client was told to send its body.
    mutating func continueSent(at now: NIODeadline) {
        guard case .body(var timeout, true) = phase else { return }
        if isReading { timeout.startReading(at: now) }
        phase = .body(timeout, waitsForContinue: false)
    }

    /// Returns the size of the body so far, in bytes.
    mutating func bodyReceived(_ count: Int, at now: NIODeadline) -> Int {
        guard case .body(var timeout, _) = phase else { return 0 }
        timeout.received(count, at: now)
        phase = .body(timeout, waitsForContinue: false)
        return timeout.bytes
    }

    mutating func requestEnded() {
        phase = .idle
    }

    /// A read is outstanding from now on.
    mutating func readStarted(at now: @autoclosure () -> NIODeadline = .now()) {
        isReading = true
        guard case .body(var timeout, false) = phase else { return }
        timeout.startReading(at: now())
        phase = .body(timeout, waitsForContinue: false)
    }

    /// No read is outstanding any more.
    mutating func readEnded(at now: @autoclosure () -> NIODeadline = .now()) {
        isReading = false
        guard case .body(var timeout, let waits) = phase else { return }
        timeout.stopReading(at: now())
        phase = .body(timeout, waitsForContinue: waits)
    }

    /// Time until the client is too slow; `nil` while nothing is expected from it.
    func remaining(at now: NIODeadline) -> TimeAmount? {
        switch phase {
        case .idle: nil
        case .head(let since): headLimit - (now - since)
        case .body(let timeout, _): timeout.remaining(at: now)
        }
    }

    /// The message for a client that is too slow.
    var message: String {
        if case .body = phase { "The body arrives too slowly." } else { "The request did not arrive in time." }
    }
}
