import Contracts
import HTTPTypes
import Hummingbird

/// What a request shows to say who is asking; taken from it in this one place.
enum Credential: Equatable {
    case none
    case token(String)
    case key(String)

    /// Throws `invalid` for two that differ, `unauthorized` for one that cannot be read.
    init(_ headers: HTTPFields) throws {
        let authorizations = headers[values: .authorization]
        let keys = headers[values: .xAPIKey]
        let given = try authorizations.map(Self.readAuthorization) + keys.map { Credential.key($0) }
        guard let first = given.first else {
            self = .none
            return
        }
        guard given.allSatisfy({ $0.text == first.text }) else {
            throw Fault(.invalid, "The request carries two different credentials. Send one.")
        }
        self = first
    }

    private var text: String {
        switch self {
        case .none: ""
        case .token(let text), .key(let text): text
        }
    }

    private static func readAuthorization(_ value: String) throws -> Credential {
        let words = value.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map {
            Substring($0)
        }
        guard words.count == 2, words[0].lowercased() == "bearer", !words[1].isEmpty else {
            throw Fault(.unauthorized, "Invalid authorization header format. Expected: Bearer <token>")
        }
        let text = String(words[1])
        return text.hasPrefix("sk-parley-") ? .key(text) : .token(text)
    }
}

extension HTTPField.Name {
    static var xAPIKey: Self { xAPIKeyName }
}

private let xAPIKeyName = headerName("x-api-key")
