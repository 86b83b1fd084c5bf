import Bus
import Contracts
import HTTP
import JSON
import NIOCore
import NIOHTTP1
import ServiceKit

/// A server outside Parley that a tool uses, at the one URL of a setting.
///
/// The setting alone determines scheme, host, port and path; a caller adds query values or a body. Redirects are not
/// followed, proxies of the environment are not used, and the size and the duration of a response are limited. Errors
/// name the service, and contain neither its address nor its response nor its credential.
struct RemoteService: Sendable {
    /// Maximum time until a connection is open.
    private static let connectLimit = Duration.seconds(3)
    /// Maximum nesting of a response.
    private static let depthLimit = 64

    /// Its name in messages, such as `The weather service`.
    let name: String
    /// The setting with its URL.
    let setting: String
    /// Maximum size of a response, in bytes.
    let byteLimit: Int
    /// Maximum duration of a request.
    let timeLimit: Duration
    /// What a status means for this service; without an entry the meaning in HTTP is reported.
    private let meanings: [Int: String]
    private let target: HTTPTarget
    private let path: String
    private let headers: HTTPHeaders
    private let client: HTTPClient

    /// Creates a service; `endpoint` is added to the path of the URL unless the path already ends with it.
    ///
    /// Throws ``InvalidSetting`` for an invalid URL.
    init(
        _ name: String,
        url: String,
        setting: String,
        endpoint: String,
        byteLimit: Int,
        timeLimit: Duration,
        meanings: [Int: String] = [:],
        credential: String? = nil,
        client: HTTPClient
    ) throws {
        self.name = name
        self.setting = setting
        self.byteLimit = byteLimit
        self.timeLimit = timeLimit
        self.meanings = meanings
        self.client = client
        let parts: (target: HTTPTarget, path: String)
        do {
            parts = try HTTPTarget.parse(url)
        } catch {
            throw InvalidSetting("\(setting) is not an http or https URL.")
        }
        target = parts.target
        let root = String(parts.path.reversed().drop { $0 == "/" }.reversed())
        path = root.hasSuffix(endpoint) ? root : root + endpoint
        // Responses are read as they are: a compressed one could be larger than its limit.
        var headers: HTTPHeaders = [
            "accept": "application/json", "accept-encoding": "identity", "user-agent": "parley",
        ]
        if let credential { headers.add(name: "authorization", value: "Bearer \(credential)") }
        self.headers = headers
    }

    /// The same server with another endpoint in place of `endpoint`.
    func sibling(_ sibling: String, of endpoint: String) -> RemoteService {
        RemoteService(self, path: String(path.dropLast(endpoint.count)) + sibling)
    }

    private init(_ other: RemoteService, path: String) {
        name = other.name
        setting = other.setting
        byteLimit = other.byteLimit
        timeLimit = other.timeLimit
        meanings = other.meanings
        target = other.target
        headers = other.headers
        client = other.client
        self.path = path
    }

    /// Sends a GET request with query values, and returns the body of its response.
    ///
    /// Throws a `Fault`, or `CancellationError` if the task is cancelled.
    func get(_ query: KeyValuePairs<String, String> = [:], _ context: CallContext) async throws -> ByteBuffer {
        let pairs = query.map { "\(QueryEncoding.encode($0.key))=\(QueryEncoding.encode($0.value))" }
        return try await fetch(.GET, pairs.isEmpty ? path : "\(path)?\(pairs.joined(separator: "&"))", nil, context)
    }

    /// Sends a POST request with a JSON body, and returns the body of its response.
    ///
    /// Throws like ``get(_:_:)``.
    func post(_ json: ByteBuffer, _ context: CallContext) async throws -> ByteBuffer {
        try await fetch(.POST, path, json, context)
    }

    /// Reads a response that must be JSON; throws a `Fault` if it is not, or if `read` throws.
    func read(_ body: ByteBuffer, _ read: (inout JSONScanner) throws -> Void) throws(Fault) {
        do {
            try body.withUnsafeReadableBytes { bytes in
                try JSONValidation(depthLimit: Self.depthLimit, allowsDuplicateKeys: true, allowsNUL: true).check(bytes)
                var json = JSONScanner(bytes)
                try read(&json)
            }
        } catch {
            throw Fault(.provider, "\(name) sent a response that cannot be read.")
        }
    }

    private func fetch(
        _ method: HTTPMethod,
        _ path: String,
        _ body: ByteBuffer?,
        _ context: CallContext
    ) async throws -> ByteBuffer {
        let limit = try context.remaining(atMost: timeLimit)
        var headers = headers
        if body != nil { headers.add(name: "content-type", value: "application/json") }
        var request = HTTPClient.Request(
            method: method,
            target: target,
            path: path,
            headers: headers,
            body: body,
            headTimeout: limit,
            readTimeout: limit
        )
        request.connectTimeout = min(limit, Self.connectLimit)
        request.totalTimeout = limit
        do {
            let response = try await client.send(request)
            // The connection of a response that is not read to its end is closed.
            guard response.status == 200 else { throw fault(status: response.status) }
            let encoding = response.headers.first(name: "content-encoding") ?? "identity"
            guard encoding == "identity" else { throw fault("sent a compressed response, which is not supported") }
            let announced = response.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
            guard announced <= byteLimit else { throw tooLarge }
            return try await response.body.collect(upTo: byteLimit)
        } catch let error as HTTPClientError {
            throw fault(error)
        }
    }

    private func fault(_ error: HTTPClientError) -> Fault {
        switch error.kind {
        case .badURL, .connect, .connectTimeout, .tls, .exhausted: fault("cannot be reached", .unavailable)
        case .headTimeout, .readTimeout, .totalTimeout, .writeTimeout: fault("did not respond in time", .timeout)
        case .closed, .protocolViolation, .encoding: fault("sent an incomplete response")
        case .tooLarge: tooLarge
        }
    }

    private func fault(status: Int) -> Fault {
        if let meaning = meanings[status] { return fault(meaning) }
        return switch status {
        case 300..<400: fault("redirects to another address, which is not allowed; check \(setting)")
        case 400, 422: fault("rejected the request", .rejected)
        case 401, 403: fault("does not allow the request; check its settings", .upstreamAuth)
        case 404, 405: fault("does not support this request; check \(setting)", .missing)
        case 429: fault("has received too many requests; try again later", .limited)
        default: fault("answered with the status \(status)")
        }
    }

    private var tooLarge: Fault { fault("sent a response of more than \(byteLimit / 1024) KiB") }

    private func fault(_ predicate: String, _ code: Fault.Code = .provider) -> Fault {
        Fault(code, "\(name) \(predicate).")
    }
}
