import Contracts
import ContractsJSON
import Foundation
import JSON
import NIOCore
import NIOFoundationCompat

/// The body of a request that creates or changes an influencer; `null` and absent members are the same.
struct InfluencerRequest {
    private let members: Members
    /// As sent, because decoding loses the order of members.
    private let traits: RawJSON?

    private struct Members: Decodable {
        var name: String?
        var display_name: String?
        var avatar_url: String?
        var description: String?
        var category: String?
        var system_instructions: String?
        var initial_greeting: String?
        var suggested_messages: [String]?
        var is_active: ActiveState?
        var tools: [String]?
    }

    /// Throws `invalid` for a body that is not such an object.
    init(_ body: ByteBuffer) throws {
        members = try RequestBody.decode(Members.self, from: body)
        traits = try body.withUnsafeReadableBytes { bytes in
            var json = JSONScanner(bytes)
            var traits: RawJSON?
            do {
                try json.object { name, json in
                    if name.text == "personality_traits" { traits = try json.rawJSON() } else { try json.skip() }
                }
            } catch is JSONScanner.Malformed {
                throw Fault(.invalid, "`personality_traits` is not valid.")
            }
            return traits?.text == "null" ? nil : traits
        }
    }

    /// The members that were sent.
    func profile() throws -> Personas.Profile {
        var profile = Personas.Profile()
        profile.name = members.name
        profile.displayName = members.display_name
        profile.avatarURL = members.avatar_url
        profile.description = members.description
        profile.category = members.category
        profile.instructions = members.system_instructions
        profile.traits = traits
        profile.greeting = members.initial_greeting
        profile.suggestedMessages = members.suggested_messages
        profile.status = try members.is_active?.status()
        profile.tools = members.tools
        return profile
    }

    /// A status, which the first clients send as a boolean.
    private enum ActiveState: Decodable {
        case flag(Bool)
        case text(String)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            do {
                self = .flag(try container.decode(Bool.self))
            } catch DecodingError.typeMismatch {
                self = .text(try container.decode(String.self))
            }
        }

        func status() throws -> Persona.Status {
            switch self {
            case .flag(let isActive): return isActive ? .active : .discontinued
            case .text(let text):
                guard let status = Persona.Status(rawValue: text.lowercased()) else {
                    let names = Persona.Status.allCases.map(\.rawValue).joined(separator: ", ")
                    throw Fault(.invalid, "`is_active` must be one of: \(names).")
                }
                return status
            }
        }
    }
}
