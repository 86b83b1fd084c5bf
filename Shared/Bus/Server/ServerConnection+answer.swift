import Logging
import NIOCore
import NIOHTTP1

/// What goes out.
extension ServerConnection {
    func answer(_ request: ServerRequest, _ context: ChannelHandlerContext) {
        isAnswering = true
        isEnded = false
        number += 1
        if !request.head.isKeepAlive { closesAfterAnswer = true }
        let writer = AnswerWriter(connection: NIOLoopBound(self, eventLoop: context.eventLoop), number: number)
        let respond = respond
        task = withLogger(logger) { _ in
            Task(executorPreference: executor) { await writer.send(await respond(request)) }
        }
    }

    /// Writes an answer that is there as a whole.
    func write(_ answer: ServerAnswer, whole body: ByteBuffer, of number: UInt64) throws {
        let context = try open(number)
        var headers = answer.headers
        if !headers.contains(name: "content-length") {
            headers.add(name: "content-length", value: String(body.readableBytes))
        }
        write(answer.status, headers, context)
        if body.readableBytes > 0 { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        isEnded = true
    }

    /// Writes an answer's head, and has its body written.
    ///
    /// In a task of its own: one that has gone deep to find the answer keeps the memory of its way, and a stream may be
    /// quiet for long.
    func begin(
        _ answer: ServerAnswer,
        of number: UInt64,
        _ write: @escaping @Sendable (AnswerWriter) async throws -> Void
    ) throws {
        let context = try open(number)
        self.write(answer.status, answer.headers, context)
        heartbeat = Heartbeat(answer.headers, interval: heartbeatInterval, on: context.eventLoop) { [weak self] line in
            self?.beat(line)
        }
        context.flush()
        let isCancelled = task?.isCancelled == true
        let writer = AnswerWriter(connection: bound(context), number: number)
        task = withLogger(logger) { _ in
            Task(executorPreference: executor) { await writer.send(write) }
        }
        if isCancelled { task?.cancel() }
    }

    /// Writes a part of an answer's body, or its end; says whether there is room for more.
    func write(_ part: HTTPServerResponsePart, of number: UInt64) throws -> Bool {
        let context = try open(number)
        heartbeat?.wrote()
        context.write(wrapOutboundOut(part), promise: nil)
        if case .end = part {
            isEnded = true
            stopHeartbeat()
        }
        context.flush()
        return context.channel.isWritable
    }

    private func write(_ status: HTTPResponseStatus, _ headers: HTTPHeaders, _ context: ChannelHandlerContext) {
        var headers = headers
        headers.add(name: "date", value: HTTPDate.now)
        if closesAfterAnswer { headers.replaceOrAdd(name: "connection", value: "close") }
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
    }

    /// Throws when the answer can no longer be written.
    private func open(_ number: UInt64) throws -> ChannelHandlerContext {
        guard let context, number == self.number, !isEnded, context.channel.isActive else {
            throw ChannelError.ioOnClosedChannel
        }
        return context
    }

    /// The task that made an answer has done what it will.
    func answered(_ number: UInt64) {
        guard number == self.number, isAnswering else { return }
        isAnswering = false
        task = nil
        guard let context else { return }
        let isWhole = isEnded
        isEnded = true
        stopHeartbeat()
        lastActive = .now()
        // What is cut off is closed at once; what is whole is sent first.
        guard isWhole, !closesAfterAnswer else {
            context.flush()
            return context.close(mode: isWhole ? .output : .all, promise: nil)
        }
        // An answer that did not wait for its request: the rest is passed over.
        incoming = nil
        guard waiting.isEmpty else {
            return context.eventLoop.execute { [bound = bound(context)] in bound.value.next() }
        }
        resumeReading()
    }
}
