import JSON
import NIOCore
import NIOHTTP1

/// An error of Google's APIs: `{"error":{"code","message","status","details":[…]}}`, or an array that contains it.
struct GeminiErrorBody: Equatable {
    /// The HTTP status.
    var code: Int?
    var message: String?
    /// The name of the status: `RESOURCE_EXHAUSTED`.
    var status: String?
    /// The reason: `API_KEY_INVALID`.
    var reason: String?
    /// The requested pause: `7s`.
    var retryDelay: String?
    /// The exceeded quotas: `GenerateRequestsPerDayPerProjectPerModel-FreeTier`.
    var quotas: [String] = []

    /// Reads the body of an error response; `nil` if it contains no error.
    init?(body: ByteBuffer) {
        let found: GeminiErrorBody? = body.withUnsafeReadableBytes { bytes in
            do {
                var json = JSONScanner(bytes)
                var found: GeminiErrorBody?
                if json.isArray() {
                    try json.array { json in found = try Self.readBody(&json) ?? found }
                } else {
                    found = try Self.readBody(&json)
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
            case "code": code = try json.optionalInt()
            case "message": message = try json.optionalString()
            case "status": status = try json.optionalString()
            case "details":
                guard json.isArray() else { return try json.skip() }
                try json.array { json in try readDetail(&json) }
            default: try json.skip()
            }
        }
    }

    private static func readBody(_ json: inout JSONScanner) throws -> GeminiErrorBody? {
        var found: GeminiErrorBody?
        try json.objectOrSkip { name, json in
            if case "error" = name { found = try GeminiErrorBody(from: &json) } else { try json.skip() }
        }
        return found
    }

    /// The types of details share no member names with different meanings.
    private mutating func readDetail(_ json: inout JSONScanner) throws {
        try json.objectOrSkip { name, json in
            switch name {
            case "reason": reason = try json.optionalString()
            case "retryDelay", "retry_delay": retryDelay = try json.optionalString()
            case "violations":
                guard json.isArray() else { return try json.skip() }
                try json.array { json in
                    try json.objectOrSkip { name, json in
                        switch name {
                        case "quotaId", "quota_id": if let quota = try json.optionalString() { quotas.append(quota) }
                        default: try json.skip()
                        }
                    }
                }
            default: try json.skip()
            }
        }
    }

    /// Whether the error says nothing, which means that there is none.
    var isEmpty: Bool { code ?? 0 == 0 && (message ?? "").isEmpty && (status ?? "").isEmpty && reason == nil }

    /// Converts the error; `status` is the status of the response, or `nil` within a stream.
    func report(status: Int?) -> ErrorReport {
        var report = ErrorReport(status: status ?? httpStatus, message: message, codes: [self.status])
        report.delay = retryDelay.flatMap { RetryDelay.read(protobuf: $0) }
        report.cause = cause
        return report
    }

    private var cause: Cause? {
        let words = message?.lowercased() ?? ""
        if reason?.hasPrefix("API_KEY_") == true || words.contains("api key not valid")
            || words.contains("api key expired")
        {
            return .credential
        }
        // A daily quota, or one of zero, does not return within minutes, whatever pause is requested.
        let isSpent = quotas.contains { $0.contains("PerDay") } || words.contains("limit: 0,")
        if isSpent { return .spent }
        // The message about a limit for a minute also says that the quota is exceeded.
        return status == "RESOURCE_EXHAUSTED" || code == 429 ? .limited : nil
    }

    private var httpStatus: Int {
        if let code, (400...599).contains(code) { return code }
        switch status {
        case "INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE": return 400
        case "UNAUTHENTICATED": return 401
        case "PERMISSION_DENIED": return 403
        case "NOT_FOUND": return 404
        case "ABORTED", "ALREADY_EXISTS": return 409
        case "RESOURCE_EXHAUSTED": return 429
        case "CANCELLED": return 499
        case "UNIMPLEMENTED": return 501
        case "UNAVAILABLE": return 503
        case "DEADLINE_EXCEEDED": return 504
        default: return 500
        }
    }
}
