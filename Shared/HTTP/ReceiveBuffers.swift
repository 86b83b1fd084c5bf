import NIOCore

/// How much is read from a socket at once: little at first, since every open stream keeps such a buffer, and more where
/// more comes, so that prompts and answers of tens of kilobytes take a read or two.
enum ReceiveBuffers {
    static var allocator: AdaptiveRecvByteBufferAllocator {
        AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 1024, maximum: 131_072)
    }
}
