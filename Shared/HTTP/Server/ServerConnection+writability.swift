import NIOCore

/// Back-pressure, and the timeout of clients that do not read.
extension ServerConnection {
    func waitForWritability(_ continuation: CheckedContinuation<Void, any Error>) {
        guard let context, context.channel.isActive else {
            return continuation.resume(throwing: ChannelError.ioOnClosedChannel)
        }
        guard !context.channel.isWritable else { return continuation.resume() }
        guard task?.isCancelled != true else { return continuation.resume(throwing: CancellationError()) }
        writableWaiter.wait(continuation)
        context.flush()
    }

    func stopWaitingForWritability(_ error: any Error, of id: UInt64) {
        guard id == responseID else { return }
        writableWaiter.resume(throwing: error)
    }

    /// Closes the connection if the client takes none of the unsent bytes within the stall timeout; a client that takes
    /// few at a time is served.
    func watchForStall(_ context: ChannelHandlerContext) {
        guard stallTimer == nil, unsentBytes(context) > 0 else { return }
        let bound = bound(context)
        SendProgress.measure(context.channel).whenComplete { result in
            // Measuring fails on a closed connection only.
            guard case .success(let before) = result else { return }
            bound.value.scheduleStallCheck(since: before)
        }
    }

    private func scheduleStallCheck(since before: SendProgress) {
        guard stallTimer == nil, let context, context.channel.isActive else { return }
        let (bound, channel) = (bound(context), context.channel)
        stallTimer = channel.eventLoop.scheduleTask(in: configuration.stallTimeout) {
            SendProgress.measure(channel).whenComplete { result in
                bound.value.stallTimer = nil
                guard case .success(let now) = result, now.unsentBytes > 0 else { return }
                guard now.isProgress(since: before) else { return channel.close(promise: nil) }
                bound.value.scheduleStallCheck(since: now)
            }
        }
    }

    func unsentBytes(_ context: ChannelHandlerContext) -> Int {
        do {
            return try context.channel.syncOptions?.getOption(.bufferedWritableBytes) ?? 0
        } catch {
            // The connection is closed.
            return 0
        }
    }
}
