import Foundation
import HTTP

/// Validates one server of `PROVIDERS_FILE`.
struct ServerEntryValidator {
    typealias ValidationError = ProvidersFileValidator.ValidationError

    /// The members that only some kinds have.
    private static let kinds = ["num_ctx": ["ollama"], "api_version": ["azure", "gemini", "anthropic"]]
    /// Headers that the client writes itself.
    private static let ownHeaders = ["host", "content-length", "transfer-encoding", "connection", "content-type"]

    let registry: ProviderRegistry
    /// Where the entry is, for messages.
    let place: String
    let server: ServerEntry

    func check() throws(ValidationError) {
        let isName =
            (1...32).contains(server.name.utf8.count)
            && server.name.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || $0 == UInt8(ascii: "-")
            }
        guard isName else {
            throw ValidationError("\(place).name must have 1 to 32 lowercase letters, digits and hyphens.")
        }
        try checkKind()
        try checkURL()
        try checkModels()
        try checkNumbers()
        try checkTexts()
    }

    private func checkKind() throws(ValidationError) {
        let kinds = registry.kinds.map(\.name)
        guard kinds.contains(server.kind ?? kinds[0]) else {
            throw error("kind", "must be one of \(kinds.joined(separator: ", "))")
        }
        let kind = server.kind ?? "openai"
        for (key, isSet) in [("num_ctx", server.windowLimit != nil), ("api_version", server.apiVersion != nil)] {
            guard isSet, let allowed = Self.kinds[key], !allowed.contains(kind) else { continue }
            throw error(key, "is only for servers of the kind \(allowed.joined(separator: " or "))")
        }
    }

    private func checkURL() throws(ValidationError) {
        do {
            _ = try HTTPTarget.parse(server.baseURL)
        } catch {
            // A URL with user information is not shown: it may contain a password.
            let shown = server.baseURL.contains("@") ? "it has user information" : "\(server.baseURL.prefix(100))"
            throw self.error(
                "base_url",
                "is not a supported http or https URL: \(shown). Set a login with basic_auth_env or api_key_env"
            )
        }
    }

    private func checkModels() throws(ValidationError) {
        for (index, model) in (server.models ?? []).enumerated() {
            guard ModelName.isValid(model.id) else {
                throw error(
                    "models[\(index)]",
                    "`\(ModelName.printable(model.id))` is no valid name: \(ModelName.rule)"
                )
            }
            guard (model.window ?? 1) >= 1 else { throw error("models[\(index)].window", "must be 1 or more tokens") }
        }
    }

    private func checkNumbers() throws(ValidationError) {
        guard (1...65_536).contains(server.concurrency ?? 1) else { throw error("concurrency", "must be 1 to 65536") }
        guard (0...65_536).contains(server.queue ?? 0) else { throw error("queue", "must be 0 to 65536") }
        guard (256...4_194_304).contains(server.windowLimit ?? 256) else {
            throw error("num_ctx", "must be 256 to 4194304 tokens")
        }
    }

    private func checkTexts() throws(ValidationError) {
        if server.keyVariables?.names.isEmpty == true {
            throw error("api_key_env", "must name at least one environment variable, or be omitted")
        }
        for name in server.variables where name.isEmpty || name.contains("=") || name.contains(" ") {
            throw error("api_key_env", "and other members name environment variables; `\(name)` cannot be one")
        }
        for name in (server.headers ?? [:]).keys {
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isToken) else {
                throw error("headers", "has `\(ModelName.printable(name))`, which is no name of a header")
            }
            guard !Self.ownHeaders.contains(name.lowercased()) else {
                throw error("headers", "cannot set \(name), which Parley writes itself")
            }
        }
        guard server.loginVariable == nil || server.keyVariables == nil else {
            throw error("basic_auth_env", "and api_key_env cannot both be set")
        }
    }

    private func error(_ member: String, _ problem: String) -> ValidationError {
        ValidationError("\(place).\(member) of \(server.name) \(problem).")
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) && !#"()<>@,;:\"/[]?={}"#.utf8.contains(byte)
    }
}
