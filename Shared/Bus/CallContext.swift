package import Contracts
package import HTTP

/// On whose behalf a call is made, under which name it is logged, and until when it makes sense.
package struct CallContext: Sendable {
    /// Who is asking; absent for what the house asks on its own behalf.
    package var principal: Principal?
    /// The request's name in every log on its way; `x-request-id` on the wire.
    package var requestID: String
    /// The trace that the request belongs to, as W3C's `traceparent` has it.
    package var traceparent: String
    /// When the answer stops being of use; on the wire `x-deadline-ms`, what is left of it.
    package var deadline: ContinuousClock.Instant?
    /// Whether the call is about what one replica of the peer keeps in memory: all such calls go to the same one.
    package var wantsSameReplica = false
    /// By which somebody else than the caller may end the call; never crosses to the peer.
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

    /// Who is asking.
    ///
    /// Throws `unauthorized` when nobody is.
    package func requirePrincipal() throws -> Principal {
        guard let principal else {
            throw Fault(.unauthorized, "This endpoint needs to know who is asking: send the header x-principal.")
        }
        return principal
    }

    /// What is left until the deadline, at most `limit`.
    ///
    /// Throws `timeout` when nothing is.
    package func remaining(atMost limit: Duration) throws -> Duration {
        guard let deadline else { return limit }
        let left = deadline - .now
        guard left > .zero else { throw Fault(.timeout, "The time for this request was over before it was begun.") }
        return min(left, limit)
    }
}

extension String {
    /// Lower-case hexadecimal digits made of chance, sixteen a word, never all of them zero.
    ///
    /// For names in logs and traces, which many are made of: they are no secrets.
    package static func randomHex(words: Int) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(unsafeUninitializedCapacity: words * 16) { buffer in
            for word in 0..<words {
                var value = NameGenerator.shared.next() | 1
                for place in 0..<16 {
                    buffer[word * 16 + place] = digits[Int(value >> 60)]
                    value <<= 4
                }
            }
            return words * 16
        }
    }
}
