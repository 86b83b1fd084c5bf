import HTTP
import HTTPTypes
import JSON
import NIOCore
import NIOHTTP1

/// A response of the gateway: a status, headers, and a body that is complete or written as a stream.
typealias Response = ServerResponse

extension Response {
    /// A complete JSON body.
    static func json(_ json: JSONWriter, status: HTTPResponseStatus = .ok) -> Response {
        .json(json.buffer, status: status)
    }

    /// A complete JSON body, already encoded.
    static func json(_ json: ByteBuffer, status: HTTPResponseStatus = .ok) -> Response {
        Response(status: status, headers: ["content-type": "application/json"], body: .whole(json))
    }

    /// A complete text body.
    static func text(
        _ text: String,
        status: HTTPResponseStatus = .ok,
        type: String = "text/plain; charset=utf-8"
    ) -> Response {
        Response(status: status, headers: ["content-type": type], body: .whole(ByteBuffer(string: text)))
    }

    /// A stream of Server-Sent Events, written by a closure.
    static func eventStream(_ write: @escaping @Sendable (ResponseWriter) async throws -> Void) -> Response {
        let headers: HTTPHeaders = [
            "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache", "x-accel-buffering": "no",
        ]
        return Response(status: .ok, headers: headers, body: .stream(write))
    }

    /// A response without a body.
    static func empty(_ status: HTTPResponseStatus, headers: HTTPHeaders = [:]) -> Response {
        Response(status: status, headers: headers, body: .whole(ByteBuffer()))
    }
}

extension HTTPResponseStatus {
    init(_ status: HTTPResponse.Status) {
        self.init(statusCode: status.code, reasonPhrase: status.reasonPhrase)
    }
}

extension HTTPHeaders {
    /// The first value of a header; setting one replaces all values, setting `nil` removes the header.
    subscript(_ name: HTTPField.Name) -> String? {
        get { first(name: name.canonicalName) }
        set {
            if let newValue {
                replaceOrAdd(name: name.canonicalName, value: newValue)
            } else {
                remove(name: name.canonicalName)
            }
        }
    }
}
