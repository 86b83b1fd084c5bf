import Foundation
import JSON
import NIOCore
import NIOHTTP1

/// An error: `{"type":"error","error":{"type","message"}}`.
struct AnthropicErrorBody: Equatable {
    /// The kind: `overloaded_error`.
    var type: String?
    var message: String?

    /// Reads the body of an error response; `nil` if it contains no error.
    init?(body: ByteBuffer) {
        let found: AnthropicErrorBody? = body.withUnsafeReadableBytes { bytes in
            do {
                var json = JSONScanner(bytes)
                var found: AnthropicErrorBody?
                try json.objectOrSkip { name, json in
                    if case "error" = name { found = try AnthropicErrorBody(from: &json) } else { try json.skip() }
                }
                return found
            } catch {
                return nil
            }
        }
        guard let found else { return nil }
        self = found
    }

    /// Reads the value of `error`: an object, or the text that some proxies send.
    init(from json: inout JSONScanner) throws {
        guard json.isObject() else {
            message = try json.optionalString()
            return
        }
        try json.object { name, json in
            switch name {
            case "type": type = try json.optionalString()
            case "message": message = try json.optionalString()
            default: try json.skip()
            }
        }
    }

    /// Converts the error; `status` is the status of the response, or `nil` within a stream.
    func report(status: Int? = nil, headers: HTTPHeaders = [:]) -> ErrorReport {
        var report = ErrorReport(status: status, headers: headers, message: message, codes: [type])
        // A limit that the organisation has set on its spending.
        if message?.lowercased().contains("api usage limits") == true { report.cause = .spent }
        if status == 429, headers["retry-after"].isEmpty, headers["retry-after-ms"].isEmpty {
            report.delay = AnthropicRateLimits(headers).delay(now: Date())
        }
        return report
    }
}
