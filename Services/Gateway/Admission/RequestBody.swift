import Bus
import Contracts
import Foundation
import HTTP
import Hummingbird
import NIOCore
import NIOHTTP1

/// Reads the JSON body of a request: the right type, one meaning, a bounded length.
enum RequestBody {
    static func read<Body: Decodable>(_ type: Body.Type, from request: Request) async throws -> Body {
        try checkType(request.headers[.contentType])
        return try decode(type, from: try await collect(request))
    }

    /// The body as it came, said to be JSON.
    static func bytes(of request: ServerRequest) async throws -> ByteBuffer {
        try checkType(request.head.headers.first(name: "content-type"))
        let limit = Surface.bodyLimit(path: request.head.uri)
        do {
            return try await request.body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw tooLarge(limit)
        }
    }

    /// Reads a body that may as well not be there.
    static func readIfAny<Body: Decodable>(_ type: Body.Type, from request: Request) async throws -> Body? {
        let bytes = try await collect(request)
        guard bytes.readableBytes > 0 else { return nil }
        try checkType(request.headers[.contentType])
        return try decode(type, from: bytes)
    }

    private static func decode<Body: Decodable>(_ type: Body.Type, from bytes: ByteBuffer) throws -> Body {
        try JSONPrescan.check(bytes)
        do {
            return try JSONDecoder().decode(type, from: Data(bytes.readableBytesView))
        } catch let error as DecodingError {
            throw Fault(.invalid, sentence(BusCoding.explain(error)))
        }
    }

    private static func checkType(_ type: String?) throws {
        // What nearly everybody sends.
        if type == "application/json" { return }
        let parts = (type ?? "").lowercased().split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
        let isUTF8 = parts.dropFirst().allSatisfy { ["charset=utf-8", "charset=\"utf-8\""].contains($0) }
        guard parts.first == "application/json", isUTF8 else {
            throw Fault(.unsupportedType, "The body must be sent as Content-Type: application/json, in UTF-8.")
        }
    }

    private static func collect(_ request: Request) async throws -> ByteBuffer {
        let limit = Surface.bodyLimit(path: request.uri.path)
        do {
            return try await request.body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw tooLarge(limit)
        }
    }

    private static func tooLarge(_ limit: Int) -> Fault {
        Fault(.tooLarge, "The body is longer than \(limit) bytes.")
    }

    private static func sentence(_ text: String) -> String {
        text.prefix(1).uppercased() + text.dropFirst()
    }
}

extension Fault.Code {
    /// The body is of a type that is not taken.
    static let unsupportedType = Self(rawValue: "unsupported_media_type")
    /// The path is there, but not for this method.
    static let wrongMethod = Self(rawValue: "method_not_allowed")
}
