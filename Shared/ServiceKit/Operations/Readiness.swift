import Contracts

/// Something that must hold for a service to be able to work.
package struct Readiness: Sendable {
    package let name: String
    let check: @Sendable () async throws -> Void

    /// - Parameter check: throws a ``Fault`` whose message says why not.
    package init(_ name: String, check: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.check = check
    }

    /// Why it does not hold; `nil` when it does.
    func fault() async -> String? {
        do {
            try await check()
            return nil
        } catch let fault as Fault {
            return fault.message
        } catch {
            return "The check failed."
        }
    }
}
