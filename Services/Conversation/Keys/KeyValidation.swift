import Contracts
import Foundation

/// Validates the properties of an API key.
///
/// Pure functions; each throws a fault that names the invalid property.
enum KeyValidation {
    private static let limitRange = 1...10_000_000
    /// One hundred years, in microseconds.
    private static let maxLifetime: Int64 = 36_525 * 86_400_000_000

    static func name(_ text: String) throws -> String {
        let name = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard (1...100).contains(name.utf8.count), !hasControlCharacters(name) else {
            throw Fault(.invalid, "`name` must have 1 to 100 bytes and no control characters.")
        }
        return name
    }

    /// Returns the user who owns the key: the principal, unless an admin names another user.
    static func user(_ name: String?, for principal: Principal) throws -> String {
        guard let name, !name.utf8.elementsEqual(principal.user.utf8) else { return principal.user }
        guard principal.role == .admin else {
            throw Fault(.forbidden, "Only an admin may manage the keys of another user.")
        }
        guard (1...255).contains(name.utf8.count), !hasControlCharacters(name) else {
            throw Fault(.invalid, "`user` must have 1 to 255 bytes and no control characters.")
        }
        return name
    }

    static func check(role: Principal.Role, for principal: Principal) throws {
        guard role <= principal.role else {
            throw Fault(.forbidden, "The role of a key cannot be higher than the role of its creator.")
        }
    }

    static func limits(_ limits: APIKey.Limits) throws -> APIKey.Limits {
        let all = [limits.requestsPerMinute, limits.requestsPerHour, limits.concurrentRuns].compactMap(\.self)
        guard all.allSatisfy(limitRange.contains) else {
            throw Fault(
                .invalid,
                """
                Each limit of a key must be from \(limitRange.lowerBound) to \(limitRange.upperBound), or omitted \
                for unlimited.
                """
            )
        }
        return limits
    }

    static func expiry(_ moment: Timestamp?, now: Timestamp) throws -> Timestamp? {
        guard let moment else { return nil }
        guard moment > now, moment.microseconds - now.microseconds < maxLifetime else {
            throw Fault(.invalid, "A key must expire in the future and within 100 years, or never.")
        }
        return moment
    }

    private static func hasControlCharacters(_ text: String) -> Bool {
        text.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }
}
