import Contracts
import NIOHTTP1

/// The credential in a request's headers.
enum Credential: Equatable {
    case none
    case token(String)
    case key(String)

    /// Throws `invalid` for two different credentials, `unauthorized` for a malformed one.
    init(_ headers: HTTPHeaders) throws {
        var given = Credential.none
        for (name, value) in headers {
            let other: Credential
            switch name.utf8.count {
            case 13 where name.lowercased() == "authorization": other = try Self.readAuthorization(value)
            case 9 where name.lowercased() == "x-api-key": other = .key(value)
            default: continue
            }
            guard given == .none || given.text == other.text else {
                throw Fault(.invalid, "The request carries two different credentials. Send one.")
            }
            if given == .none { given = other }
        }
        self = given
    }

    private var text: String {
        switch self {
        case .none: ""
        case .token(let text), .key(let text): text
        }
    }

    private static func readAuthorization(_ value: String) throws -> Credential {
        let end = value.utf8.firstIndex(of: UInt8(ascii: " ")) ?? value.endIndex
        let text = String(value[end...].dropFirst())
        guard value[..<end].lowercased() == "bearer", !text.isEmpty, !text.utf8.contains(UInt8(ascii: " ")) else {
            throw Fault(.unauthorized, "Invalid authorization header format. Expected: Bearer <token>")
        }
        return text.hasPrefix("sk-parley-") ? .key(text) : .token(text)
    }
}
