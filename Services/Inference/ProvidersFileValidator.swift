import Bus
import Contracts
import HTTP

/// What may stand in `PROVIDERS_FILE`.
struct ProvidersFileValidator {
    /// What is wrong.
    struct ValidationError: Error, Equatable {
        let sentence: String

        init(_ sentence: String) {
            self.sentence = sentence
        }
    }

    private static let taken = ["ollama", "gemini", "openai", "demo"]

    static func explain(_ error: DecodingError) -> String {
        let text = BusCoding.explain(error)
        return text.prefix(1).uppercased() + text.dropFirst()
    }

    func check(_ file: ProvidersFile) throws(ValidationError) {
        var names = Set(Self.taken)
        for server in file.providers {
            try check(server)
            guard names.insert(server.name).inserted else {
                throw ValidationError("The name \(server.name) is taken; a provider needs one of its own.")
            }
        }
        for (model, price) in file.prices {
            guard price.prompt.isFinite, price.completion.isFinite, price.prompt >= 0, price.completion >= 0 else {
                throw ValidationError("The prices of \(model) must be 0 or more, for a million tokens.")
            }
        }
        for (model, others) in file.fallbacks {
            for name in [model] + others where !ModelName.isValid(name) {
                throw ValidationError("\(name) in fallbacks is not a model's name: \(ModelName.rule).")
            }
        }
    }

    /// A word that nobody reads is a mistake, mostly of spelling.
    func check(_ object: [String: Any], knows known: [String], in place: String) throws(ValidationError) {
        guard let stranger = object.keys.sorted().first(where: { !known.contains($0) }) else { return }
        throw ValidationError("`\(stranger)` in \(place) is not known. Known are: \(known.joined(separator: ", ")).")
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
            throw ValidationError("The name `\(server.name)` must have 1 to 32 small letters, digits and hyphens.")
        }
        do {
            _ = try HTTPTarget.parse(server.baseURL)
        } catch {
            throw ValidationError(
                "The base_url of \(server.name) is not an http or https URL: \(server.baseURL.prefix(100))"
            )
        }
        for model in server.models ?? [] where !ModelName.isValid(model.id) || (model.window ?? 1) < 1 {
            throw ValidationError(
                "\(model.id) of \(server.name) is not a model with a name and a window of 1 token or more."
            )
        }
        guard (1...65_536).contains(server.concurrency ?? 1), (0...65_536).contains(server.queue ?? 0) else {
            throw ValidationError("\(server.name) needs a concurrency of 1 to 65536 and a queue of 0 to 65536.")
        }
    }
}
