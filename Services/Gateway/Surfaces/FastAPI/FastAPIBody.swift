import Contracts
import Foundation
import HTTP
import NIOCore
import NIOHTTP1

/// Reads the body of a request as FastAPI does for a parameter that is a model.
enum FastAPIBody {
    /// Returns the members of the body, an object.
    ///
    /// Throws ``ValidationErrors`` if there is no body, if it is not JSON, or not an object, and a fault if it cannot be
    /// read.
    static func fields(_ request: Request) async throws -> FieldReader {
        let bytes = try await request.body.bytes()
        let type = request.headers.first(name: "content-type")
        return try FieldReader(body: try value(of: Array(bytes.readableBytesView), type: type))
    }

    /// Returns the value of a body; `nil` if there is none.
    ///
    /// A body that is sent as another type than JSON is a text.
    static func value(of bytes: [UInt8], type: String?) throws -> JSONTree? {
        guard !bytes.isEmpty else { return nil }
        guard let type, !isJSON(type) else { return try parse(bytes) }
        return .text(String(decoding: bytes, as: UTF8.self))
    }

    private static func parse(_ bytes: [UInt8]) throws -> JSONTree {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let text = bytes.starts(with: mark) ? Array(bytes.dropFirst(mark.count)) : bytes
        guard String(validating: text, as: UTF8.self) != nil else {
            throw Fault(.invalid, "There was an error parsing the body")
        }
        do {
            return try JSONTreeParser.parse(text)
        } catch {
            throw ValidationErrors(.invalidJSON(error))
        }
    }

    /// Whether a media type is `application/json`, or ends in `+json`; its parameters are ignored.
    private static func isJSON(_ type: String) -> Bool {
        let name = type.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
        return name == "application/json" || name.hasPrefix("application/") && name.hasSuffix("+json")
    }
}
