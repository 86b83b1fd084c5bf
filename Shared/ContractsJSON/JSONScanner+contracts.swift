import Contracts
import JSON

/// Reads the value types that many contracts share.
extension JSONScanner {
    /// Reads an identifier.
    mutating func identifier<Subject>() throws -> Identifier<Subject> {
        guard let identifier = Identifier<Subject>(try string()) else { throw Malformed() }
        return identifier
    }

    /// Reads a point in time, in microseconds since 1970.
    mutating func timestamp() throws -> Timestamp {
        Timestamp(microseconds: Int64(try int()))
    }
}
