import Contracts
import NIOCore
import NIOPosix

extension HTTPBus {
    /// A larger response, in bytes, is decoded on a thread that serves no connections.
    private static let inlineLimit = 1024 * 1024

    /// Decodes a response of the peer.
    func decode<Value: Decodable & Sendable>(_ type: Value.Type, from bytes: ByteBuffer) async throws -> Value {
        do {
            guard bytes.readableBytes > Self.inlineLimit else { return try BusCoding.decode(type, from: bytes) }
            return try await NIOThreadPool.singleton.runIfActive { try BusCoding.decode(type, from: bytes) }
        } catch let error as Fault {
            throw Fault(.internal, "The response of \(peer) is invalid: \(error.message)")
        }
    }
}
