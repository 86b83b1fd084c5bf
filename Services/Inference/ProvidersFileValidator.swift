import Bus
import Contracts
import HTTP

/// Validates the contents of `PROVIDERS_FILE`.
struct ProvidersFileValidator {
    /// An invalid value.
    struct ValidationError: Error, Equatable {
        let message: String

        init(_ message: String) {
            self.message = message
        }
    }

    private static let reservedNames = ["ollama", "gemini", "openai", "demo"]

    static func explain(_ error: DecodingError) -> String {
        let text = BusCoding.explain(error)
        return text.prefix(1).uppercased() + text.dropFirst()
    }

    func check(_ file: ProvidersFile) throws(ValidationError) {
        var names = Set(Self.reservedNames)
        for server in file.providers {
            try check(server)
            guard names.insert(server.name).inserted else {
                throw ValidationError("The name \(server.name) is already used. Choose a unique name.")
            }
        }
        for (model, price) in file.prices {
            guard price.prompt.isFinite, price.completion.isFinite, price.prompt >= 0, price.completion >= 0 else {
                throw ValidationError("The prices of \(model) must be 0 or more, in dollars for a million tokens.")
            }
        }
        for (model, others) in file.fallbacks {
            for name in [model] + others where !ModelName.isValid(name) {
                throw ValidationError("\(name) in fallbacks is not a valid model name: \(ModelName.rule).")
            }
        }
    }

    /// Rejects unknown keys, because they are usually spelling mistakes.
    func check(_ object: [String: Any], knows known: [String], in place: String) throws(ValidationError) {
        guard let unknown = object.keys.sorted().first(where: { !known.contains($0) }) else { return }
        throw ValidationError("`\(unknown)` in \(place) is unknown. Known keys: \(known.joined(separator: ", ")).")
    }

    private func check(_ server: ProvidersFile.Server) throws(ValidationError) {
        let isName =
            (1...32).contains(server.name.utf8.count)
            && server.name.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || $0 == UInt8(ascii: "-")
            }
        guard isName else {
            throw ValidationError("The name `\(server.name)` must have 1 to 32 lowercase letters, digits and hyphens.")
        }
        do {
            _ = try HTTPTarget.parse(server.baseURL)
        } catch {
            // A URL with user information is not shown: it may contain a password.
            let shown = server.baseURL.contains("@") ? "it has user information" : "\(server.baseURL.prefix(100))"
            throw ValidationError("The base_url of \(server.name) is not a supported http or https URL: \(shown).")
        }
        for model in server.models ?? [] where !ModelName.isValid(model.id) || (model.window ?? 1) < 1 {
            throw ValidationError(
                "\(model.id) of \(server.name) must be a valid model name with a window of at least 1 token."
            )
        }
        guard (1...65_536).contains(server.concurrency ?? 1), (0...65_536).contains(server.queue ?? 0) else {
            throw ValidationError("\(server.name) must have a concurrency of 1 to 65536 and a queue of 0 to 65536.")
        }
    }
}
