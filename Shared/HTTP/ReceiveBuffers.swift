import NIOCore

/// Sizes of the buffers that sockets are read into.
enum ReceiveBuffers {
    /// Starts at 1 KiB, because each open stream holds one buffer, and doubles up to 64 KiB.
    ///
    /// A channel reads at most four buffers before it hands control back, so that one turn adds at most 256 KiB.
    static var allocator: AdaptiveRecvByteBufferAllocator {
        AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 1024, maximum: 65_536)
    }
}
