import NIOCore

/// Passes the result of a guard's check of each request on to the request's handler.
///
/// The guard appends one attachment before it passes on each head. Used on the connection's event loop only.
package final class RequestAttachments {
    private var attachments = CircularBuffer<any AnyObject & Sendable>()

    /// Appends the attachment of the request whose head is passed on next.
    package func append(_ attachment: any AnyObject & Sendable) {
        attachments.append(attachment)
    }

    func next() -> (any AnyObject & Sendable)? {
        attachments.popFirst()
    }
}
