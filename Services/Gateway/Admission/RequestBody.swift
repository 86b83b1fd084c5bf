import Bus
import Contracts
import Foundation
import HTTP
import NIOCore
import NIOHTTP1

/// The body of a request, collected as JSON or bytes, and decompressed, within the route's limit.
struct RequestBody: Sendable {
    /// Maximum size, in bytes.
    let limit: Int
    /// The body as it arrives; the request guard refuses more than ``limit`` bytes.
    let source: ServerRequestBody
    private let headers: HTTPHeaders

    init(_ request: ServerRequest, limit: Int) {
        self.limit = limit
        source = request.body
        headers = request.head.headers
    }

    /// The whole body, of any type, without its content encoding.
    ///
    /// Throws `too_large` for a body over the limit, and `unsupported_media_type` for an unknown encoding.
    func bytes() async throws -> ByteBuffer {
        do {
            guard headers.contains(name: "content-encoding") else { return try await source.collect(upTo: limit) }
            return try await decoded(ContentEncoding(headers))
        } catch is NIOTooManyBytesError {
            throw Fault.bodyTooLarge(limit: limit)
        }
    }

    /// Decompresses the body as it arrives; stops at the limit, so that little memory is used for more.
    private func decoded(_ encoding: ContentEncoding) async throws -> ByteBuffer {
        if case .other(let name) = encoding {
            throw Fault(
                .unsupportedType,
                "The body has the Content-Encoding \(name.prefix(40)), which is not supported. "
                    + "Send it with gzip or deflate, or uncompressed."
            )
        }
        do {
            let bytes = source.bytes.decoded(encoding, limit: limit)
            var whole = ByteBuffer()
            while let more = try await bytes.next() {
                whole.writeImmutableBuffer(more)
                // Decompression is fast, but must not keep the event loop from other connections.
                await Task.yield()
            }
            return whole
        } catch let error as ContentDecodingError {
            if case .tooLarge = error { throw Fault.bodyTooLarge(limit: limit) }
            throw Fault(.invalid, "The body is not valid \(encoding == .gzip ? "gzip" : "deflate") data.")
        }
    }

    /// The whole body, unparsed; its type must be JSON.
    func jsonBytes() async throws -> ByteBuffer {
        try checkType()
        return try await bytes()
    }

    /// Decodes the body as JSON.
    ///
    /// Throws `unsupported_media_type` for another type, and `invalid` with the reason for anything but one JSON value.
    func json<Value: Decodable>(_ type: Value.Type) async throws -> Value {
        try Self.decode(type, from: try await jsonBytes())
    }

    /// Decodes the body as JSON; an empty body is `nil`.
    func jsonIfPresent<Value: Decodable>(_ type: Value.Type) async throws -> Value? {
        let bytes = try await bytes()
        guard bytes.readableBytes > 0 else { return nil }
        try checkType()
        return try Self.decode(type, from: bytes)
    }

    /// Decodes bytes as JSON; see ``json(_:)``.
    static func decode<Value: Decodable>(_ type: Value.Type, from bytes: ByteBuffer) throws -> Value {
        try JSONBody.validate(bytes)
        do {
            return try JSONDecoder().decode(type, from: Data(bytes.readableBytesView))
        } catch let error as DecodingError {
            throw Fault(.invalid, sentence(BusCoding.explain(error)))
        }
    }

    private func checkType() throws {
        let type = headers.first(name: "content-type")
        // Fast path.
        if type == "application/json" { return }
        let parts = (type ?? "").lowercased().split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
        let isUTF8 = parts.dropFirst().allSatisfy { ["charset=utf-8", "charset=\"utf-8\""].contains($0) }
        guard parts.first == "application/json", isUTF8 else {
            throw Fault(.unsupportedType, "The body must be sent as Content-Type: application/json, in UTF-8.")
        }
    }

    private static func sentence(_ text: String) -> String {
        text.prefix(1).uppercased() + text.dropFirst()
    }
}
