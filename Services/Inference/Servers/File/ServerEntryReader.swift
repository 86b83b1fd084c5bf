import Foundation
import NIOHTTP1
import ServiceKit

/// Reads a server of `PROVIDERS_FILE` and the environment variables that it names.
///
/// Errors never contain the value of a variable.
struct ServerEntryReader {
    let entry: ServerEntry
    let settings: Settings
    let registry: ProviderRegistry

    /// Throws an `InvalidSetting` that says what is missing or invalid.
    func server() throws -> ServerConfiguration {
        guard let kind = registry.kind(entry.kind ?? "openai") else {
            throw invalid("has the unknown kind \(entry.kind ?? "")")
        }
        var server = try ServerConfiguration(
            name: entry.name,
            kind: kind,
            url: entry.baseURL,
            setting: "base_url of \(entry.name) in PROVIDERS_FILE",
            apiVersion: entry.apiVersion
        )
        try server.setLimits(settings)
        setLimits(of: &server)
        server.models = entry.models
        server.keys = try (entry.keyVariables?.names ?? []).map { name in
            try InferenceConfiguration.headerKey(variable(name, for: "key"), name: name) ?? ""
        }
        for (name, text) in (entry.headers ?? [:]).sorted(by: { $0.key < $1.key }) {
            server.headers.add(name: name, value: try header(name, text))
        }
        if let login = entry.loginVariable { server.headers.add(name: "authorization", value: try basic(login)) }
        server.query += (entry.query ?? [:]).sorted { $0.key < $1.key }.map {
            ServerConfiguration.QueryItem(name: $0.key, value: $0.value)
        }
        server.certificateFile = entry.certificateFile
        server.proxy = try entry.proxy.map { try value($0, for: "proxy") }
        if let quirks = entry.quirks { server.quirks = server.quirks.applying(quirks) }
        if let problem = kind.check(server) { throw invalid("cannot be used: \(problem)", isSentence: true) }
        return server
    }

    private func setLimits(of server: inout ServerConfiguration) {
        server.concurrency = entry.concurrency
        server.queue = entry.queue
        server.connectTimeout = entry.connectTimeout?.duration
        server.timeouts.firstToken = entry.firstTokenTimeout?.duration ?? server.timeouts.firstToken
        server.timeouts.gap = entry.tokenGapTimeout?.duration ?? server.timeouts.gap
        server.timeouts.whole = entry.runTimeout?.duration ?? server.timeouts.whole
        server.windowLimit = entry.windowLimit ?? server.windowLimit
    }

    private func header(_ name: String, _ text: FileText) throws -> String {
        let value = try value(text, for: "header \(name)")
        guard value.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            throw invalid("has a value with a control character for the header \(name)")
        }
        return value
    }

    /// The value of `Authorization` for a login.
    private func basic(_ name: String) throws -> String {
        let login = try variable(name, for: "login")
        guard login.contains(":") else {
            throw InvalidSetting(
                "\(name) is the login of \(entry.name); it must be a name and a password: user:password."
            )
        }
        return "Basic " + Data(login.utf8).base64EncodedString()
    }

    private func value(_ text: FileText, for use: String) throws -> String {
        switch text {
        case .literal(let value): value
        case .environment(let name): try variable(name, for: use)
        }
    }

    private func variable(_ name: String, for use: String) throws -> String {
        guard let value = try settings.secret(inVariable: name) else {
            throw InvalidSetting(
                "PROVIDERS_FILE uses \(name) as the \(use) of \(entry.name), but it is not set. "
                    + "Set it in the environment or in .env, or omit it from the file."
            )
        }
        return value
    }

    private func invalid(_ problem: String, isSentence: Bool = false) -> InvalidSetting {
        InvalidSetting("\(entry.name) in PROVIDERS_FILE \(problem)\(isSentence ? "" : ".")")
    }
}
