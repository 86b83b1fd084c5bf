import NIOCore
import NIOHTTP1

/// Receiving requests.
extension ServerConnection {
    /// Maximum number of pending heads, bodies and ends; one read can bring thousands.
    private static let pendingPartLimit = 512

    /// Whether the next part belongs to a request that has to wait for the current response.
    var isNextRequestPending: Bool { isResponding && !isReceiving }

    var mayRead: Bool {
        if asksForUpgrade, !isReceiving { return false }
        if isDiscardingInput { return !isResponding }
        return pendingParts.isEmpty && requestBody?.isFull != true
    }

    func resumeReading() {
        guard isReadHeld, mayRead, let context else { return }
        isReadHeld = false
        context.read()
    }

    /// Stores a part of a later request.
    func enqueue(_ part: HTTPServerRequestPart) {
        if case .body(let more) = part, case .body(var bytes)? = pendingParts.last {
            pendingParts.removeLast()
            bytes.writeImmutableBuffer(more)
            return pendingParts.append(.body(bytes))
        }
        guard pendingParts.count >= Self.pendingPartLimit else { return pendingParts.append(part) }
        // The current response is the last one; the client may repeat the requests that get no response.
        closesAfterResponse = true
        isDiscardingInput = true
        pendingParts.removeAll()
    }

    func process(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
        switch part {
        case .head(let head):
            self.head = head
            attachment = attachments.next()
            isReceiving = true
            if head.method == .CONNECT || head.headers.contains(name: "upgrade") {
                asksForUpgrade = true
                isUpgradable = head.asksForUpgrade
                closesAfterResponse = true
            }
        case .body(let bytes):
            if let requestBody {
                awaitsContinue = false
                return requestBody.received(bytes)
            }
            // The rest of a request that was answered before its end is discarded.
            guard head != nil else { return }
            if bodyBuffer.readableBytes == 0 { bodyBuffer = bytes } else { bodyBuffer.writeImmutableBuffer(bytes) }
        case .end:
            isReceiving = false
            if asksForUpgrade { holdInput(context) }
            requestBody?.end(.success(()))
            requestBody = nil
            guard let head else { return }
            self.head = nil
            let body = bodyBuffer
            bodyBuffer = ByteBuffer()
            startHandler(head, .whole(body), context)
        }
    }

    /// Starts the handler of a request whose body has not arrived as a whole.
    func startStreaming(_ context: ChannelHandlerContext) {
        guard let head else { return }
        self.head = nil
        awaitsContinue =
            bodyBuffer.readableBytes == 0 && head.version.minor > 0
            && head.headers.first(name: "expect")?.lowercased() == "100-continue"
        let body = RequestBodyStream(
            eventLoop: context.eventLoop,
            length: head.headers.first(name: "content-length").flatMap { Int($0) },
            beginning: bodyBuffer
        ) { [bound = bound(context)] in bound.value.requestBodyDemanded() }
        bodyBuffer = ByteBuffer()
        requestBody = body
        startHandler(head, .stream(body), context)
    }

    /// The handler reads the body: the client may send it.
    private func requestBodyDemanded() {
        if awaitsContinue, let context {
            awaitsContinue = false
            let head = HTTPResponseHead(version: .http1_1, status: .continue)
            context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
        }
        resumeReading()
    }

    /// Processes the parts of the next request that have arrived, or continues reading.
    func startNextRequest(_ context: ChannelHandlerContext) {
        guard !pendingParts.isEmpty else { return resumeReading() }
        // In a turn of its own: responses that need no wait would pile up on the stack.
        context.eventLoop.execute { [bound = bound(context)] in bound.value.processPendingParts() }
    }

    private func processPendingParts() {
        guard let context else { return }
        while !isNextRequestPending, let part = pendingParts.popFirst() { process(part, context) }
        guard pendingParts.isEmpty else { return }
        if head != nil { startStreaming(context) }
        resumeReading()
    }
}
