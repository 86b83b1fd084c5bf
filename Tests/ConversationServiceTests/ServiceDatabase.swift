@testable import ConversationService

/// The service's database, for files that import GRDB, which has a type of the same name.
typealias ServiceDatabase = Database
