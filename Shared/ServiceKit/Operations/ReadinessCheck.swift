import Contracts

/// A condition that must hold for a service to be ready.
package struct ReadinessCheck: Sendable {
    /// Maximum duration of one check, so that `/readyz` always answers.
    private static let limit = Duration.seconds(1)

    /// The name of the check in the answer of `/readyz`.
    package let name: String
    private let check: @Sendable () async throws -> Void

    /// Creates a check, which throws a ``Fault`` with the reason if the condition does not hold.
    ///
    /// It is cancelled after a second.
    package init(_ name: String, check: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.check = check
    }

    /// Runs checks concurrently and returns `ok` or the reason of the failure, by the name of the check.
    static func run(_ checks: [ReadinessCheck]) async -> [String: String] {
        await withTaskGroup(of: (String, String).self) { group in
            for check in checks {
                group.addTask { (check.name, await check.failure() ?? "ok") }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    /// Returns why the condition does not hold; `nil` if it does.
    ///
    /// Does not wait for a check that ignores its cancellation.
    private func failure() async -> String? {
        let (results, continuation) = AsyncStream.makeStream(of: String?.self, bufferingPolicy: .bufferingOldest(1))
        let check = Task { continuation.yield(await result()) }
        let timeout = Task {
            do { try await Task.sleep(for: Self.limit) } catch { return }
            continuation.yield("The check timed out after a second.")
        }
        defer {
            check.cancel()
            timeout.cancel()
        }
        for await result in results { return result }
        return "The check was cancelled."
    }

    private func result() async -> String? {
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
