import Contracts
import HTTP
import NIOCore
import NIOHTTP1

/// A call as it is sent, whichever replica receives it.
struct OutgoingCall: Sendable {
    let path: String
    let body: ByteBuffer
    /// A body that is sent as it is read, instead of `body`.
    var stream: ByteStream?
    /// Headers beside those of every call.
    var headers: HTTPHeaders = [:]
    let context: CallContext
    /// The time by which the response must have started.
    let deadline: ContinuousClock.Instant
    let sendsDeadline: Bool
    /// Maximum silence of the peer; `nil` for the general one, which begins with the response.
    var silenceLimit: Duration?
    /// The time by which the response must have ended; `nil` for no limit.
    let end: ContinuousClock.Instant?

    /// `grace`: how long after its deadline the response must have ended; `nil` for no limit.
    init(
        path: String,
        body: ByteBuffer,
        context: CallContext,
        limit: Duration,
        sendsDeadline: Bool,
        grace: Duration? = nil
    ) {
        self.path = path
        self.body = body
        self.context = context
        deadline = .now + limit
        end = grace.map { [deadline] in deadline + $0 }
        self.sendsDeadline = sendsDeadline
    }
}
