import Glibc
import Logging
import NIOCore

/// How the connection ends.
extension ServerConnection {
    /// How long a client may go on sending after its last answer.
    private static let lingering = TimeAmount.seconds(1)

    /// Ends the connection when what was written is sent.
    ///
    /// What still comes is read for a moment: whoever is cut off while sending does not get to read the answer.
    func endAfterLastAnswer(_ context: ChannelHandlerContext, lingers: Bool = true) {
        isOver = true
        waiting.removeAll()
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.whenComplete { [bound = bound(context)] _ in
            bound.value.close(after: lingers ? Self.lingering : .zero)
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

    /// Closes the connection in the middle of an answer.
    func cutOff(_ context: ChannelHandlerContext) {
        // Where the connection's end is the body's, only a reset says that it is not the proper one.
        if form.endsWithConnection, let socket = context.channel as? any SocketOptionProvider {
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
        if isAnswering { return scheduleIdleCheck(after: idleTimeout, context) }
        let left = lastActive + idleTimeout - .now()
        if left > .zero { return scheduleIdleCheck(after: left, context) }
        // Who takes a long answer slowly is not idle.
        let unsent = unsent(context)
        guard unsent > 0, unsent != lastUnsent else { return context.close(promise: nil) }
        lastUnsent = unsent
        scheduleIdleCheck(after: idleTimeout, context)
    }

    private func unsent(_ context: ChannelHandlerContext) -> Int {
        do {
            return try context.channel.syncOptions?.getOption(.bufferedWritableBytes) ?? 0
        } catch {
            // The connection has ended.
            return 0
        }
    }
}
