import Contracts
import GRDB

/// The table `counters`.
enum Counters {
    /// What is counted.
    enum Name {
        /// Conversations of all users.
        case conversations
        /// Messages of all users, on all paths.
        case messages
        /// Conversations with a persona.
        case conversationsWith(Persona.ID)
        /// Changes of keys and quotas.
        case accessChanges

        fileprivate var text: String {
            switch self {
            case .conversations: "conversations"
            case .messages: "messages"
            case .conversationsWith(let persona): "conversations with \(persona)"
            case .accessChanges: "access changes"
            }
        }
    }

    /// Adds to a counter at the end of the transaction.
    static func add(_ count: Int, to name: Name, _ connection: Connection) {
        connection.counts.add(count, to: name.text)
    }

    /// Adds 1 to a counter and returns its new value.
    static func next(_ name: Name, _ connection: Connection) throws(StoreError) -> Int {
        try connection.value("\(addition) RETURNING value", [name.text, 1]) ?? 0
    }

    /// Writes what the transaction added.
    static func write(_ changes: CounterChanges, _ connection: Connection) throws(StoreError) {
        for (name, count) in changes.values where count != 0 { try connection.run(addition, [name, count]) }
    }

    private static let addition = """
        INSERT INTO counters (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = value + ?2
        """

    static func value(of name: Name, _ connection: Connection) throws(StoreError) -> Int {
        try connection.value("SELECT value FROM counters WHERE name = ?", [name.text]) ?? 0
    }
}
