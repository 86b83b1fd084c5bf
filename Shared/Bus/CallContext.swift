package import Contracts
package import HTTP

/// The principal, the request id and the deadline of a call.
package struct CallContext: Sendable {
    /// The principal; `nil` for calls that a service makes for itself.
    package var principal: Principal?
    /// The request id in the logs of all services; sent as `x-request-id`.
    package var requestID: String
    /// The trace context; sent as W3C `traceparent`.
    package var traceparent: String
    /// The deadline; the remaining time is sent as `x-deadline-ms`.
    package var deadline: ContinuousClock.Instant?
    /// Whether the call concerns state in the memory of a replica: all such calls go to the same replica.
    package var requiresSameReplica = false
    /// Cancels the call from outside its task; not sent.
    package var canceller: CallCanceller?

    package init(
        principal: Principal? = nil,
        requestID: String = .randomHex(words: 1),
        traceparent: String = "00-\(String.randomHex(words: 2))-\(String.randomHex(words: 1))-01",
        deadline: ContinuousClock.Instant? = nil
    ) {
        self.principal = principal
        self.requestID = requestID
        self.traceparent = traceparent
        self.deadline = deadline
    }

    /// Returns the principal; throws `unauthorized` if there is none.
    package func requirePrincipal() throws -> Principal {
        guard let principal else {
            throw Fault(.unauthorized, "This endpoint requires a principal: send the header x-principal.")
        }
        return principal
    }

    /// Returns the time until the deadline, at most `limit`; throws `timeout` if the deadline has passed.
    package func remaining(atMost limit: Duration) throws -> Duration {
        guard let deadline else { return limit }
        let left = deadline - .now
        guard left > .zero else { throw Fault(.timeout, "The deadline passed before the request was started.") }
        return min(left, limit)
    }
}

extension String {
    /// Random lower-case hexadecimal digits, 16 per word, never only zeros.
    ///
    /// Fast but predictable: for ids in logs and traces, not for secrets.
    package static func randomHex(words: Int) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(unsafeUninitializedCapacity: words * 16) { buffer in
            for word in 0..<words {
                var value = RandomBits.shared.next() | 1
                for place in 0..<16 {
                    buffer[word * 16 + place] = digits[Int(value >> 60)]
                    value <<= 4
                }
            }
            return words * 16
        }
    }
}
