import Contracts
import GRDB

/// A failure of the database inside a transaction.
///
/// A request that cannot be carried out is not a failure: it is an outcome, which a transaction returns. Work inside a
/// transaction throws only this type, so a refused request cannot roll back the other writes of its group.
enum StoreError: Error {
    /// SQLite reported an error.
    case database(DatabaseError)
    /// A row cannot be decoded.
    case unreadable(String)
    /// The caller's task was cancelled during a read.
    case cancelled

    init(_ error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let error as DatabaseError where error.resultCode == .SQLITE_INTERRUPT: self = .cancelled
        case let error as DatabaseError: self = .database(error)
        case is CancellationError: self = .cancelled
        default: self = .unreadable("\(error)")
        }
    }

    /// The fault for the callers of the store, without internal details.
    var fault: Fault {
        switch self {
        case .database(let error): Self.fault(error)
        case .unreadable: Fault(.internal, "Stored data cannot be read.")
        case .cancelled: Fault(.unavailable, "The request was cancelled.")
        }
    }

    private static func fault(_ error: DatabaseError) -> Fault {
        switch error.resultCode {
        case .SQLITE_FULL:
            Fault(.full, "The disk with the conversations is full; nothing was stored. Free some space and try again.")
        case .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY:
            Fault(.unavailable, "The conversations cannot be written to disk; nothing was stored.")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            Fault(
                .unavailable,
                "The conversations are locked by another process; nothing was stored. Try again in a moment.",
                retryAfter: 1
            )
        default: Fault(.internal, "The database reported an error.")
        }
    }
}
