import Logging
import NIOCore
import NIOHTTP1

/// Writing responses.
extension ServerConnection {
    func startHandler(_ head: HTTPRequestHead, _ body: ServerRequestBody, _ context: ChannelHandlerContext) {
        let request = ServerRequest(head: head, body: body, channel: context.channel, attachment: attachment)
        isResponding = true
        isResponseEnded = false
        responseID += 1
        framing = ResponseFraming(request.head)
        if !request.head.isKeepAlive || framing.version == .http1_0 { closesAfterResponse = true }
        let writer = ResponseWriter(connection: bound(context), responseID: responseID)
        let respond = respond
        task = withLogger(logger) { _ in
            Task(executorPreference: executor) { await writer.send(await respond(request)) }
        }
    }

    /// Writes a response with a whole body.
    func write(_ response: ServerResponse, whole body: ByteBuffer, of id: UInt64) throws {
        let context = try writableContext(id)
        var headers = response.headers
        if !headers.contains(name: "content-length") {
            headers.add(name: "content-length", value: String(body.readableBytes))
        }
        write(response.status, headers, context)
        if body.readableBytes > 0, !framing.isHeadOnly, response.status.mayHaveResponseBody {
            context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        isResponseEnded = true
    }

    /// Writes the head of a response with a streamed body, and starts the task of the body.
    ///
    /// The task is a new one: the handler's task keeps the memory of its deepest call, and a stream can be idle for long.
    func begin(
        _ response: ServerResponse,
        of id: UInt64,
        _ write: @escaping @Sendable (ResponseWriter) async throws -> Void
    ) throws {
        let context = try writableContext(id)
        framing.remainingBytes = response.headers.first(name: "content-length").flatMap { Int($0) }
        if framing.isHeadOnly { return try beginHeadOnly(response, context) }
        self.write(response.status, response.headers, context)
        if framing.remainingBytes == nil {
            heartbeat = Heartbeat(response, interval: configuration.heartbeatInterval, on: context.eventLoop) {
                [weak self] line in self?.writeHeartbeat(line)
            }
        }
        context.flush()
        let writer = ResponseWriter(connection: bound(context), responseID: id)
        replaceTask { await writer.send(write) }
    }

    /// Starts a new task in place of the handler's, which is about to return.
    func replaceTask(_ body: @escaping @Sendable () async -> Void) {
        let isCancelled = task?.isCancelled == true
        task = withLogger(logger) { _ in
            Task(executorPreference: executor) { await body() }
        }
        if isCancelled { task?.cancel() }
    }

    /// Writes a head without a body; throws, so that the body is not written.
    private func beginHeadOnly(_ response: ServerResponse, _ context: ChannelHandlerContext) throws {
        // The end of a chunked body is itself a chunk: without a length, the end of the connection ends the response.
        let hasLength = framing.remainingBytes != nil
        if !hasLength { closesAfterResponse = true }
        write(response.status, response.headers, context)
        if hasLength { context.write(wrapOutboundOut(.end(nil)), promise: nil) }
        context.flush()
        isResponseEnded = true
        task?.cancel()
        throw ChannelError.outputClosed
    }

    /// Writes a part of the body, or its end; returns whether more can be written without waiting.
    func write(_ part: HTTPServerResponsePart, of id: UInt64) throws -> Bool {
        let context = try writableContext(id)
        guard framing.admits(part) else {
            logger.error("The response body does not have the length of its content-length header")
            throw ResponseFraming.WrongLength()
        }
        heartbeat?.didWrite()
        context.write(wrapOutboundOut(part), promise: nil)
        if case .end = part {
            isResponseEnded = true
            stopHeartbeat()
        }
        context.flush()
        return context.channel.isWritable
    }

    private func write(_ status: HTTPResponseStatus, _ headers: HTTPHeaders, _ context: ChannelHandlerContext) {
        var headers = headers
        headers.add(name: "date", value: HTTPDate.now)
        if headers.first(name: "connection")?.lowercased() == "close" { closesAfterResponse = true }
        if awaitsContinue {
            // Whether the client still sends the body is unknown, and so is where its next request would begin.
            awaitsContinue = false
            closesAfterResponse = true
            requestBody?.end(.failure(RequestBodyStream.NotRequested()))
        }
        if closesAfterResponse {
            // A refused upgrade names the protocol in its `connection` header too.
            let isUpgrade = headers.contains(name: "upgrade")
            headers.replaceOrAdd(name: "connection", value: isUpgrade ? "upgrade, close" : "close")
        }
        tunnel?.pass()
        let head = HTTPResponseHead(version: framing.version, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
    }

    /// Throws `ChannelError.ioOnClosedChannel` if the response can no longer be written.
    func writableContext(_ id: UInt64) throws -> ChannelHandlerContext {
        guard let context, id == responseID, !isResponseEnded, context.channel.isActive else {
            throw ChannelError.ioOnClosedChannel
        }
        return context
    }

    /// Called when the task of a response has ended.
    func responseTaskEnded(_ id: UInt64) {
        guard id == responseID, isResponding else { return }
        isResponding = false
        task = nil
        guard let context else { return }
        let isComplete = isResponseEnded
        isResponseEnded = true
        stopHeartbeat()
        lastActive = .now()
        awaitsContinue = false
        // The rest of a request that was answered before its end is discarded.
        requestBody?.end(.failure(ChannelError.ioOnClosedChannel))
        requestBody = nil
        guard isComplete else { return abort(context) }
        if closesAfterResponse { endAfterLastResponse(context) } else { startNextRequest(context) }
    }

    private func writeHeartbeat(_ line: ByteBuffer) {
        // Unsent bytes keep the stream alive without a heartbeat.
        guard let context, context.channel.isWritable else { return }
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(line))), promise: nil)
    }

    func stopHeartbeat() {
        heartbeat?.stop()
        heartbeat = nil
    }
}
