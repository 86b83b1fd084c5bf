import Glibc
import Logging
import NIOCore

/// Closing the connection.
extension ServerConnection {
    /// How long a client may go on sending after its last response.
    private static let lingerTimeout = TimeAmount.seconds(1)

    /// Closes the connection once everything written is sent.
    ///
    /// Input is read and discarded for a moment: a client whose sending fails would not read the response.
    func endAfterLastResponse(_ context: ChannelHandlerContext, lingers: Bool = true) {
        isDiscardingInput = true
        pendingParts.removeAll()
        tunnel?.discardInput()
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.whenComplete { [bound = bound(context)] _ in
            bound.value.close(after: lingers ? Self.lingerTimeout : .zero)
        }
        context.close(mode: .output, promise: sent)
        resumeReading()
    }

    private func close(after delay: TimeAmount) {
        guard let context, context.channel.isActive else { return }
        idleTimer?.cancel()
        guard delay > .zero else { return context.close(promise: nil) }
        idleTimer = context.eventLoop.scheduleTask(in: delay) { [bound = bound(context)] in
            bound.value.context?.close(promise: nil)
        }
    }

    /// Closes the connection in the middle of a response.
    func abort(_ context: ChannelHandlerContext) {
        // Where the end of the connection is the end of the body, only a reset tells the client that it is incomplete.
        if framing.endsWithConnection, let socket = context.channel as? any SocketOptionProvider {
            socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenFailure { [logger] error in
                logger.debug("The connection cannot be reset", metadata: ["error": "\(error)"])
            }
        }
        context.close(promise: nil)
    }

    func scheduleIdleCheck(after delay: TimeAmount, _ context: ChannelHandlerContext) {
        idleTimer = context.eventLoop.scheduleTask(in: delay) { [bound = bound(context)] in bound.value.checkIdle() }
    }

    private func checkIdle() {
        guard let context else { return }
        let idleTimeout = configuration.idleTimeout
        if isResponding { return scheduleIdleCheck(after: idleTimeout, context) }
        let left = lastActive + idleTimeout - .now()
        if left > .zero { return scheduleIdleCheck(after: left, context) }
        guard unsentBytes(context) > 0 else { return context.close(promise: nil) }
        // A client that still receives a response is not idle; one that does not read is closed by the stall timeout.
        watchForStall(context)
        scheduleIdleCheck(after: idleTimeout, context)
    }
}
