import HTTP
import HTTPTypes
import NIOCore
import NIOHTTP1

/// A file in memory with an entity tag, so that a client that already has the file receives 304 without a body.
struct CachedFile: Sendable {
    private let content: ByteBuffer
    private let tag: String
    private let type: String

    init(_ content: ByteBuffer, type: String) {
        self.content = content
        self.type = type
        // FNV-1a: the tag only tells versions of one file apart.
        let hash = content.readableBytesView.reduce(UInt64(14_695_981_039_346_656_037)) { hash, byte in
            (hash ^ UInt64(byte)) &* 1_099_511_628_211
        }
        tag = "\"\(String(hash, radix: 16))\""
    }

    init(_ text: String, type: String) {
        self.init(ByteBuffer(string: text), type: type)
    }

    /// Returns the file, or 304 if `If-None-Match` names its tag.
    func response(to request: Request, headers more: HTTPHeaders = [:]) -> Response {
        var headers: HTTPHeaders = ["etag": tag, "cache-control": "no-cache", "x-content-type-options": "nosniff"]
        headers.add(contentsOf: more)
        let known = request.headers[canonicalForm: "if-none-match"]
        guard !known.contains(where: { $0 == "*" || $0 == tag || $0 == "W/" + tag }) else {
            return .empty(.notModified, headers: headers)
        }
        headers.add(name: "content-type", value: type)
        return Response(status: .ok, headers: headers, body: .whole(content))
    }
}
