import JSON
import NIOCore
import NIOHTTP1

/// An error in JSON, in any of the spellings of servers: `{"error":{"message","type","code"}}`, `error` as a text or an
/// array, `{"code","message"}`, `{"error_type","error_message"}`, `{"detail":…}`, `{"msg"}`, `{"errors":[…]}`,
/// `{"object":"error","message"}`, and these nested in one another.
///
/// Empty texts, empty objects, `0`, `false` and codes of success mean the same as `null`.
struct ErrorBody: Equatable, Sendable {
    private static let depthLimit = 5
    private static let listLimit = 10
    /// Maximum length of a message, in bytes.
    private static let textLimit = 4096

    /// The text of a member that contains nothing but a message.
    private var text: String?
    /// The text of a member that may also be a title: `{"error":"Not Found","message":"…"}`.
    private var title: String?
    /// The place in the request that the error is about: `body.messages`.
    private var location: String?
    private var codes: [String] = []
    private var status: Int?
    /// Whether a code was found, and not only a type.
    private var hasCode = false
    /// Whether the body says that it is an error, and does not only look like one.
    private(set) var isDeclared = false
    /// Whether the body says that it is none, such as `"status":"queued"`.
    private var isDenied = false

    init() {}

    /// Reads a body; `nil` if it contains no error.
    init?(body: ByteBuffer) {
        let found: ErrorBody? = body.withUnsafeReadableBytes { bytes in
            do {
                var json = JSONScanner(bytes)
                var found = ErrorBody()
                try found.readValue(&json, depth: 0)
                return found
            } catch {
                return nil
            }
        }
        guard let found, found.isDeclared || found.hasContent else { return nil }
        self = found
    }

    /// The message, with the place that it is about.
    var message: String? {
        guard let message = text ?? title else { return nil }
        return location.map { "\($0): \(message)" } ?? message
    }

    /// Whether there is enough for an error where no answer is.
    var hasContent: Bool { !isDenied && (message != nil || hasCode || status != nil) }

    var report: ErrorReport {
        var report = ErrorReport(status: status, message: message, codes: codes)
        // A title without spaces is a code: `insufficient_quota`.
        if text != nil, let title, !title.contains(" ") { report.codes.append(title) }
        return report
    }

    /// Reads the body of a response with an error status.
    static func report(of body: ByteBuffer, status: Int, headers: HTTPHeaders) -> ErrorReport {
        var report = ErrorBody(body: body)?.report ?? ErrorReport()
        report.status = status
        report.headers = headers
        return report
    }

    /// Reads the data of an event that is marked as an error: JSON, or plain text.
    static func report(of data: ByteBuffer, status: Int?) -> ErrorReport {
        var report: ErrorReport
        if let body = ErrorBody(body: data) {
            report = body.report
        } else {
            let text = String(decoding: data.readableBytesView.prefix(textLimit), as: UTF8.self)
            let isText = text.utf8.contains { $0 > 0x20 } && !"{[<".contains(text.first ?? "{")
            report = ErrorReport(message: isText ? text : nil)
        }
        report.status = status ?? report.status
        return report
    }

    /// Reads a member of an object if errors have such a member; returns whether it was read.
    mutating func read(_ name: JSONScanner.Name, _ json: inout JSONScanner, depth: Int = 0) throws -> Bool {
        switch name {
        case "error", "errors", "Error", "err", "fault", "exception": try readError(&json, depth)
        case "message", "msg", "Message", "error_message", "error_msg", "errorMessage", "errorMsg", "errmsg", "err_msg",
            "detail", "details", "error_description", "error_detail", "status_msg", "faultstring":
            try readMessage(&json, depth)
        case "title", "reason", "description":
            if json.kind == .text { title = try json.nonEmptyText() ?? title } else { try json.skip() }
        case "code", "Code", "error_code", "errorCode", "errcode", "err_code", "status_code", "statusCode",
            "http_status", "httpStatus", "errorcode":
            try readCode(&json)
        case "status": try readStatus(&json)
        case "type", "error_type", "errorType", "__type": try readType(&json)
        case "object": if try json.isText("error") { isDeclared = true }
        case "success": if try json.raw().elementsEqual("false".utf8) { isDeclared = true }
        case "base_resp" where depth < Self.depthLimit: try readStatusObject(&json, depth)
        case "metadata" where depth > 0: try readMetadata(&json)
        case "choices", "response", "Response":
            // An error within a choice, or within a response of OpenAI's newer API.
            if json.isArray() || json.isObject() { try readValue(&json, depth: depth + 1) } else { try json.skip() }
        case "loc" where depth > 0: try readLocation(&json)
        default: return false
        }
        return true
    }

    private mutating func readValue(_ json: inout JSONScanner, depth: Int) throws {
        switch json.kind {
        case .text: add(text: try json.nonEmptyText())
        case .object where depth < Self.depthLimit:
            try json.object { name, json in
                if try !read(name, &json, depth: depth) { try json.skip() }
            }
        case .array where depth < Self.depthLimit: try readList(&json, depth)
        case .flag: if try json.isTrue() { isDeclared = true }
        default: try json.skip()
        }
    }

    /// Reads a list of errors, whose messages are joined.
    private mutating func readList(_ json: inout JSONScanner, _ depth: Int) throws {
        var count = 0
        try json.array { json in
            count += 1
            guard count <= Self.listLimit else { return try json.skip() }
            var other = ErrorBody()
            try other.readValue(&json, depth: depth + 1)
            add(other)
        }
    }

    private mutating func readError(_ json: inout JSONScanner, _ depth: Int) throws {
        guard depth < Self.depthLimit else { return try json.skip() }
        var other = ErrorBody()
        let isText = json.kind == .text
        try other.readValue(&json, depth: depth + 1)
        guard other.isDeclared || other.hasContent || !other.codes.isEmpty else { return }
        isDeclared = true
        if isText { (other.title, other.text) = (other.text, nil) }
        add(other)
    }

    private mutating func readMessage(_ json: inout JSONScanner, _ depth: Int) throws {
        guard depth < Self.depthLimit else { return try json.skip() }
        if json.kind == .text { return add(text: try json.nonEmptyText()) }
        var other = ErrorBody()
        try other.readValue(&json, depth: depth + 1)
        if other.message != nil || other.hasCode { add(other) }
    }

    /// Reads the status that MiniMax adds to each answer: `{"status_code":0,"status_msg":"success"}` is no error.
    private mutating func readStatusObject(_ json: inout JSONScanner, _ depth: Int) throws {
        var other = ErrorBody()
        try other.readValue(&json, depth: depth + 1)
        guard other.hasCode else { return }
        isDeclared = true
        add(other)
    }

    /// Reads the words of the provider behind OpenRouter.
    private mutating func readMetadata(_ json: inout JSONScanner) throws {
        try json.objectOrSkip { name, json in
            guard case "raw" = name, let words = try json.nonEmptyText() else { return try json.skip() }
            let inner = ErrorBody(body: ByteBuffer(string: words))
            for code in inner?.codes ?? [] { add(code: code) }
            add(text: inner?.message ?? words, isAddition: true)
        }
    }

    private mutating func readCode(_ json: inout JSONScanner) throws {
        guard let code = try json.nonEmptyTextOrNumber(), !Self.successes.contains(code.lowercased()) else { return }
        hasCode = true
        guard let number = Int(code), (400...599).contains(number) else {
            return add(code: code)
        }
        status = number
    }

    private mutating func readStatus(_ json: inout JSONScanner) throws {
        guard let word = try json.nonEmptyTextOrNumber() else { return }
        if let number = Int(word) {
            if (400...599).contains(number) { status = number }
        } else if ["error", "failed", "fail", "failure"].contains(word.lowercased()) {
            isDeclared = true
        } else if Self.states.contains(word.lowercased()) {
            isDenied = true
        } else {
            add(code: word)
        }
    }

    private mutating func readType(_ json: inout JSONScanner) throws {
        guard let type = try json.nonEmptyText() else { return }
        if type == "error" { isDeclared = true } else { add(code: type) }
    }

    private mutating func readLocation(_ json: inout JSONScanner) throws {
        guard json.kind == .array else { return try json.skip() }
        var names: [String] = []
        try json.array { json in
            if let name = try json.stringOrScalar(), names.count < 8 { names.append(String(name.prefix(bytes: 64))) }
        }
        location = names.isEmpty ? nil : names.joined(separator: ".")
    }

    private mutating func add(code: String) {
        if codes.count < Self.listLimit { codes.append(String(code.prefix(bytes: 200))) }
    }

    /// Adds a text, which may be an error in JSON itself.
    private mutating func add(text more: String?, isAddition: Bool = false) {
        guard let more else { return }
        if !isAddition, more.hasPrefix("{"), let inner = ErrorBody(body: ByteBuffer(string: more)) { return add(inner) }
        let words = String(more.prefix(bytes: Self.textLimit))
        if isAddition, let known = text { text = known + ": " + words } else { text = text ?? words }
    }

    private mutating func add(_ other: ErrorBody) {
        if let message = other.text == nil ? nil : other.message {
            if let known = text, known.utf8.count < Self.textLimit, known != message {
                text = known + "; " + message
            } else {
                text = text ?? message
            }
        }
        title = title ?? other.title
        for code in other.codes { add(code: code) }
        status = status ?? other.status
        hasCode = hasCode || other.hasCode
        isDeclared = isDeclared || other.isDeclared
    }

    private static let successes: Set<String> = ["0", "200", "201", "ok", "success", "none", "null"]
    /// Values of `status` of an answer that is not there yet.
    private static let states: Set<String> = [
        "ok", "success", "queued", "pending", "processing", "running", "in_progress", "loading",
    ]
}
