import Bus
import Contracts
import Foundation
import TestSupport
import Testing

@testable import ConversationService

extension Fixture {
    var transcriptFolder: String { directory + "/conversationMemory" }

    /// Opens the conversation of a user that is a transcript.
    func openTranscript(_ user: String = "alice", another: Bool = false) async throws -> Conversation {
        let open = Conversations.Open(persona: Persona.BuiltIn.continuation, opensAnother: another)
        return try await bus.call(open, context(user)).conversation
    }

    /// Sends a message whose answer repeats it.
    @discardableResult
    func turn(_ text: String, in conversation: Conversation) async throws -> Turn {
        inference.play([.text("\(text)!"), .finish])
        return try await send(text, in: conversation, as: conversation.user)
    }

    /// The expected file of answered questions.
    static func transcript(_ texts: String...) -> String {
        texts.map { "User: \($0)\nAI: \($0)!\n" }.joined(separator: "\n")
    }

    func file(of user: String = "alice") -> String {
        transcriptFolder + "/" + TranscriptFileName.name(of: user)
    }

    func expectFile(
        of user: String = "alice",
        _ expected: String?,
        location: SourceLocation = #_sourceLocation
    ) async throws {
        let path = file(of: user)
        try await eventually("The file \(path)") {
            (try? String(contentsOfFile: path, encoding: .utf8)) == expected
        }
    }

    func inode(of user: String = "alice") throws -> Int? {
        let attributes = try FileManager.default.attributesOfItem(atPath: file(of: user))
        return (attributes[.systemFileNumber] as? NSNumber)?.intValue
    }
}
