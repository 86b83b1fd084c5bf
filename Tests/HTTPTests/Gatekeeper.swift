import Synchronization

/// A gate that tasks wait at until it is opened.
final class Gatekeeper: Sendable {
    private let isOpen = Mutex(false)

    func open() {
        isOpen.withLock { $0 = true }
    }

    func wait() async throws {
        while !isOpen.withLock(\.self) { try await Task.sleep(for: .milliseconds(5)) }
    }
}
