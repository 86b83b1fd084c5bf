package import Contracts
import Foundation
package import HTTPTypes
package import NIOHTTP1

/// The headers of bus requests.
package enum BusHeaders {
    package static let principal = "x-principal"
    package static let requestID = "x-request-id"
    package static let traceparent = "traceparent"
    package static let deadline = "x-deadline-ms"

    /// Encodes a principal as `alice;role=user` or `alice;role=user;key=<id>`, with a percent-encoded name.
    package static func write(_ principal: Principal) -> String {
        var text = ""
        for byte in principal.user.utf8 {
            let isPlain = token(byte) && byte != UInt8(ascii: ".")
            text += isPlain ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        text += ";role=\(principal.role.rawValue)"
        if let key = principal.key { text += ";key=\(key)" }
        return text
    }

    /// Decodes a principal (default role: `user`).
    package static func readPrincipal(_ text: String) throws -> Principal {
        var parts = text.utf8[...]
        let first = Self.cut(&parts)
        let user = first.utf8.contains(UInt8(ascii: "%")) ? first.removingPercentEncoding : String(first)
        guard let name = user, !name.isEmpty, name.utf8.count <= 255 else {
            throw Fault(.invalid, "The header x-principal must have the form name;role=user.")
        }
        var principal = Principal(user: name)
        while !parts.isEmpty {
            parts = parts.dropFirst()
            let part = Self.cut(&parts)
            if part.hasPrefix("role=") {
                guard let role = Principal.Role(rawValue: String(part.dropFirst(5))) else {
                    throw Fault(.invalid, "The role in x-principal must be user or admin.")
                }
                principal.role = role
            } else if part.hasPrefix("key=") {
                guard let key = APIKey.ID(part.dropFirst(4)) else {
                    throw Fault(.invalid, "The key in x-principal must be a UUID.")
                }
                principal.key = key
            } else {
                throw Fault(.invalid, "The header x-principal must have the form name;role=user;key=<id>.")
            }
        }
        return principal
    }

    /// Removes and returns the text before the next semicolon.
    private static func cut(_ text: inout Substring.UTF8View) -> Substring {
        let end = text.firstIndex(of: UInt8(ascii: ";")) ?? text.endIndex
        defer { text = text[end...] }
        return Substring(text[..<end])
    }

    /// Decodes the context of a request.
    package static func readContext(_ headers: HTTPHeaders) throws -> CallContext {
        var context = CallContext(
            requestID: headers.first(name: requestID).flatMap(token) ?? .randomHex(words: 1),
            traceparent: headers.first(name: traceparent).flatMap(token)
                ?? "00-\(String.randomHex(words: 2))-\(String.randomHex(words: 1))-01"
        )
        if let text = headers.first(name: principal) {
            context.principal = try readPrincipal(text)
        }
        if let text = headers.first(name: deadline) {
            guard let milliseconds = Int(text), (0...86_400_000).contains(milliseconds) else {
                throw Fault(.invalid, "The header x-deadline-ms must be a number of milliseconds from 0 to 86400000.")
            }
            context.deadline = .now + .milliseconds(milliseconds)
        }
        return context
    }

    /// Returns the text if it is a short plain token, which is safe to forward and to log; otherwise `nil`.
    package static func token(_ text: String) -> String? {
        (1...128).contains(text.utf8.count) && text.utf8.allSatisfy(token) ? text : nil
    }

    private static func token(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    static func write(_ context: CallContext, authorization: String, remaining: Duration?) -> HTTPHeaders {
        var headers = HTTPHeaders()
        headers.reserveCapacity(8)
        headers.add(name: "authorization", value: authorization)
        headers.add(name: "content-type", value: "application/json")
        headers.add(name: requestID, value: context.requestID)
        headers.add(name: traceparent, value: context.traceparent)
        if let principal = context.principal {
            headers.add(name: Self.principal, value: write(principal))
        }
        if let remaining {
            headers.add(name: deadline, value: String(remaining.milliseconds))
        }
        return headers
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    package var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        return overflow ? .max : product + attoseconds / 1_000_000_000_000_000
    }
}

extension HTTPField.Name {
    package static var xRequestID: Self { xRequestIDName }
    package static var xPrincipal: Self { xPrincipalName }
    package static var xDeadline: Self { xDeadlineName }
    package static var traceparent: Self { traceparentName }
}

private let xRequestIDName = name(BusHeaders.requestID)
private let xPrincipalName = name(BusHeaders.principal)
private let xDeadlineName = name(BusHeaders.deadline)
private let traceparentName = name(BusHeaders.traceparent)

private func name(_ text: String) -> HTTPField.Name {
    guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is no valid header name.") }
    return name
}
