import Logging
import NIOCore
import NIOHTTP1

/// What goes out.
extension ServerConnection {
    func answer(_ request: ServerRequest, _ context: ChannelHandlerContext) {
        isAnswering = true
        isEnded = false
        number += 1
        form = ResponseFraming(request.head)
        if !request.head.isKeepAlive || form.version == .http1_0 { closesAfterAnswer = true }
        let writer = ResponseWriter(connection: NIOLoopBound(self, eventLoop: context.eventLoop), number: number)
        let respond = respond
        task = withLogger(logger) { _ in
            Task(executorPreference: executor) { await writer.send(await respond(request)) }
        }
    }

    /// Writes an answer that is there as a whole.
    func write(_ answer: ServerResponse, whole body: ByteBuffer, of number: UInt64) throws {
        let context = try open(number)
        var headers = answer.headers
        if !headers.contains(name: "content-length") {
            headers.add(name: "content-length", value: String(body.readableBytes))
        }
        write(answer.status, headers, context)
        if body.readableBytes > 0, !form.isHeadOnly, answer.status.mayHaveResponseBody {
            context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        isEnded = true
    }

    /// Writes an answer's head, and has its body written.
    ///
    /// In a task of its own: one that has gone deep to find the answer keeps the memory of its way, and a stream may be
    /// quiet for long.
    func begin(
        _ answer: ServerResponse,
        of number: UInt64,
        _ write: @escaping @Sendable (ResponseWriter) async throws -> Void
    ) throws {
        let context = try open(number)
        form.left = answer.headers.first(name: "content-length").flatMap { Int($0) }
        if form.isHeadOnly { return try beginHeadOnly(answer, context) }
        self.write(answer.status, answer.headers, context)
        if form.left == nil {
            heartbeat = Heartbeat(answer.headers, interval: heartbeatInterval, on: context.eventLoop) {
                [weak self] line in self?.beat(line)
            }
        }
        context.flush()
        let isCancelled = task?.isCancelled == true
        let writer = ResponseWriter(connection: bound(context), number: number)
        task = withLogger(logger) { _ in
            Task(executorPreference: executor) { await writer.send(write) }
        }
        if isCancelled { task?.cancel() }
    }

    /// Writes a head to which no body follows; throws, so that nobody writes one.
    private func beginHeadOnly(_ answer: ServerResponse, _ context: ChannelHandlerContext) throws {
        // The end of a body in chunks is itself a chunk: without one, the connection's end has to do.
        let hasLength = form.left != nil
        if !hasLength { closesAfterAnswer = true }
        write(answer.status, answer.headers, context)
        if hasLength { context.write(wrapOutboundOut(.end(nil)), promise: nil) }
        context.flush()
        isEnded = true
        task?.cancel()
        throw ChannelError.outputClosed
    }

    /// Writes a part of an answer's body, or its end; says whether there is room for more.
    func write(_ part: HTTPServerResponsePart, of number: UInt64) throws -> Bool {
        let context = try open(number)
        guard form.admits(part) else {
            logger.error("An answer has another length than its head says")
            throw ResponseFraming.WrongLength()
        }
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
        if headers.first(name: "connection")?.lowercased() == "close" { closesAfterAnswer = true }
        if closesAfterAnswer { headers.replaceOrAdd(name: "connection", value: "close") }
        let head = HTTPResponseHead(version: form.version, status: status, headers: headers)
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
        // The rest of a request that was answered before its end is passed over.
        incoming?.end(.failure(ChannelError.ioOnClosedChannel))
        incoming = nil
        guard isWhole else { return cutOff(context) }
        if closesAfterAnswer { endAfterLastAnswer(context) } else { goOn(context) }
    }
}
