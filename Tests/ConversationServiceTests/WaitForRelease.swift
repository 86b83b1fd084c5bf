import Contracts
import TestSupport

@testable import ConversationService

/// Waits until this process has released the lock of a database, which the last thread of a store does with a delay.
func waitForRelease(_ directory: String, file: String = "conversation.sqlite") async throws {
    try await eventually("The file's release") {
        do {
            _ = try FileLock.take("\(directory)/\(file).lock")
            return true
        } catch is Fault {
            return false
        }
    }
}
