import Contracts
import TestSupport

@testable import ConversationService

/// Waits until nobody in this process has a file of conversations open any more: the last thread of a store lets go a
/// moment late.
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
