import Contracts
import ContractsJSON
import JSON
import NIOCore

/// The members of a request that are no known parameters, for servers that accept them.
///
/// Members that could choose a server or a credential, raise the cost of a call, or change how Parley reads the answer are
/// left out, whatever the server accepts.
struct ExtraOptions: Sendable {
    private static let countLimit = 32
    /// Maximum size of all members together, in bytes.
    private static let sizeLimit = 16_384

    private var members: [String] = []
    private var size = 0
    /// The names of the members that are left out.
    private(set) var ignored: [String] = []

    /// The members as a JSON object; `nil` without any.
    var encoded: RawJSON? { members.isEmpty ? nil : RawJSON("{\(members.joined(separator: ","))}") }

    /// Takes the next value; `null` and an empty string are no values.
    mutating func take(_ name: JSONScanner.Name, _ reader: ParameterReader, _ json: inout JSONScanner) throws {
        guard try !reader.skipsNothing(&json) else { return }
        let raw = try reader.raw(&json)
        // A name that is not plain is no option of any server, and does not fit into a header.
        guard let name = name.text, ExtraOptionRules.isPlain(name) else { return }
        guard members.count < Self.countLimit, size + raw.readableBytes + name.utf8.count <= Self.sizeLimit,
            ExtraOptionRules.isAllowed(name),
            try raw.withUnsafeReadableBytes({ bytes in
                var json = JSONScanner(bytes)
                return try ExtraOptionRules.isAllowed(&json)
            })
        else {
            if ignored.count < Self.countLimit { ignored.append(name) }
            return
        }
        size += raw.readableBytes + name.utf8.count
        members.append("\"\(name)\":\(String(buffer: raw))")
    }
}
