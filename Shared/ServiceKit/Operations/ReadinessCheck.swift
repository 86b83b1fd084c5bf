import Contracts

/// Something that must hold for a service to be able to work.
package struct ReadinessCheck: Sendable {
    /// How long one check may take, so that an answer always comes.
    private static let limit = Duration.seconds(1)

    /// What the check is called in the answer of `/readyz`.
    package let name: String
    private let check: @Sendable () async throws -> Void

    /// Names a check, which throws a ``Fault`` whose message says why not, and is cancelled after a second.
    package init(_ name: String, check: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.check = check
    }

    /// What each of several checks, all at the same time, finds: `ok`, or why it does not hold.
    static func ask(_ all: [ReadinessCheck]) async -> [String: String] {
        await withTaskGroup(of: (String, String).self) { group in
            for readiness in all {
                group.addTask { (readiness.name, await readiness.fault() ?? "ok") }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    /// Why it does not hold; `nil` when it does.
    ///
    /// A check that does not heed its cancellation is left behind: an answer always comes.
    private func fault() async -> String? {
        let (answers, teller) = AsyncStream.makeStream(of: String?.self, bufferingPolicy: .bufferingOldest(1))
        let check = Task { teller.yield(await outcome()) }
        let clock = Task {
            do { try await Task.sleep(for: Self.limit) } catch { return }
            teller.yield("There was no answer within a second.")
        }
        defer {
            check.cancel()
            clock.cancel()
        }
        for await answer in answers { return answer }
        return "The question was given up."
    }

    private func outcome() async -> String? {
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
