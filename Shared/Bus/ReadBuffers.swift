import NIOCore

/// How much is read from a socket at once: prompts and answers of tens of kilobytes in a read or two, a small request
/// into a small buffer.
enum ReadBuffers {
    static var allocator: AdaptiveRecvByteBufferAllocator {
        AdaptiveRecvByteBufferAllocator(minimum: 4096, initial: 32_768, maximum: 131_072)
    }
}
