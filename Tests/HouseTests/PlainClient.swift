import Foundation
import HTTP
import NIOCore
import NIOHTTP1
import Testing

/// A client that sends requests as the documents of the seeds print them.
struct PlainClient: Sendable {
    /// A complete response.
    struct Answer: Sendable {
        var status: Int
        var headers: HTTPHeaders
        var body: String

        /// The body as a JSON object.
        var json: [String: Any] {
            get throws {
                try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any], "\(body)")
            }
        }
    }

    let port: Int
    /// A bearer token or an API key.
    var credential: String?
    private let client = HTTPClient()

    init(port: Int, credential: String? = nil) {
        self.port = port
        self.credential = credential
    }

    func ask(
        _ method: HTTPMethod,
        _ path: String,
        headers: HTTPHeaders = [:],
        body: String? = nil
    ) async throws -> Answer {
        let response = try await open(method, path, headers: headers, body: body)
        let bytes = try await response.body.collect(upTo: 1 << 26)
        return Answer(status: response.status, headers: response.headers, body: String(buffer: bytes))
    }

    /// Returns the response without reading its body.
    func open(
        _ method: HTTPMethod,
        _ path: String,
        headers: HTTPHeaders = [:],
        body: String? = nil
    ) async throws -> HTTPClient.Response {
        var headers = headers
        if let credential { headers.add(name: "authorization", value: "Bearer \(credential)") }
        if body != nil { headers.add(name: "content-type", value: "application/json") }
        return try await client.send(
            HTTPClient.Request(
                method: method,
                url: "http://127.0.0.1:\(port)\(path)",
                headers: headers,
                body: body.map { ByteBuffer(string: $0) },
                headTimeout: .seconds(60),
                readTimeout: .seconds(60)
            )
        )
    }
}
