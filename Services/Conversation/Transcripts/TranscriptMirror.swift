import Contracts
import Logging
import NIOPosix
import ServiceLifecycle
import Synchronization

/// Mirrors the conversations with the persona ``Persona/BuiltIn/continuation`` as text files, one for each user, so that
/// people can read them.
///
/// The database has the truth: the files are never read. A file is written after each turn and when
/// another path is selected, and when the service starts
/// if it is missing or was changed; usually only the last turn is appended. A failure is logged and does nothing else.
final class TranscriptMirror: Service {
    /// A user name; names that differ only in Unicode normalization are different.
    private struct User: Hashable {
        var bytes: [UInt8]

        init(_ name: String) {
            bytes = Array(name.utf8)
        }

        var name: String { String(decoding: bytes, as: UTF8.self) }
    }

    private static let persona = Persona.BuiltIn.continuation
    private static let pageSize = 500
    /// Maximum number of files whose state is known; the first append to another one rewrites it.
    private static let positionLimit = 10_000

    private let store: any ConversationStore
    private let writer: TranscriptWriter
    /// The users whose files are to be updated.
    private let pending = Mutex<Set<User>>([])
    private let positions = Mutex<[User: TranscriptWriter.Position]>([:])
    private let signal: AsyncStream<Void>
    private let signaller: AsyncStream<Void>.Continuation

    init(store: any ConversationStore, folder: String) {
        self.store = store
        writer = TranscriptWriter(store: store, folder: TranscriptFolder(path: folder))
        (signal, signaller) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Updates the file of a conversation's user after a turn or the deletion, in the background.
    func conversationChanged(_ conversation: StoredConversation) {
        conversationChanged(of: conversation.user, with: conversation.persona)
    }

    /// Updates the file of a user after a change of a conversation with a persona, in the background.
    func conversationChanged(of user: String, with persona: Persona.ID) {
        guard persona == Self.persona else { return }
        update(user)
    }

    private func update(_ user: String) {
        _ = pending.withLock { $0.insert(User(user)) }
        signaller.yield()
    }

    func run() async throws {
        await logging("Transcript files not checked") { try await self.checkAll() }
        for await _ in signal.cancelOnGracefulShutdown() { await updatePending() }
    }

    /// Updates the files of all users that are pending.
    func updatePending() async {
        while let user = pending.withLock({ $0.popFirst() }) {
            await logging("Transcript file not written") { try await self.updateFile(of: user) }
        }
    }

    private func logging(_ message: Logger.Message, _ work: () async throws -> Void) async {
        do {
            try await work()
        } catch {
            Logger.current.warning(message, metadata: ["error": "\(error)"])
        }
    }

    private func updateFile(of user: User) async throws {
        // Removed first: if anything fails, the next update rewrites the file.
        let position = positions.withLock { $0.removeValue(forKey: user) }
        guard let conversation = try await store.latestConversation(of: user.name, with: Self.persona) else {
            return try await writer.remove(user.name)
        }
        var next: TranscriptWriter.Position?
        if let position, position.conversation == conversation.id {
            next = try await writer.append(to: conversation, after: position)
        }
        let written: TranscriptWriter.Position
        if let next { written = next } else { written = try await writer.rewrite(conversation) }
        positions.withLock { positions in
            if positions.count >= Self.positionLimit { _ = positions.popFirst() }
            positions[user] = written
        }
    }

    /// Finds the files that are missing or were changed, and those of users without a conversation.
    private func checkAll() async throws {
        var longNames: Set<String> = []
        var last: String?
        while true {
            let users = try await store.users(with: Self.persona, after: last, limit: Self.pageSize)
            for user in users {
                try Task.checkCancellation()
                let name = TranscriptFileName.name(of: user)
                if TranscriptFileName.owner(of: name) == .longName { longNames.insert(name) }
                guard let conversation = try await store.latestConversation(of: user, with: Self.persona),
                    try await !writer.isCurrent(conversation)
                else { continue }
                update(user)
            }
            guard let end = users.last else { break }
            last = end
        }
        for name in try await writer.names() {
            switch TranscriptFileName.owner(of: name) {
            case .user(let user)?:
                if try await store.latestConversation(of: user, with: Self.persona) == nil { update(user) }
            case .longName?: if !longNames.contains(name) { try await writer.remove(file: name) }
            case nil: continue
            }
        }
    }
}
