import Contracts

@testable import ConversationService

extension StoredReservation {
    /// Returns a reservation of alice for the model a/b.
    static func sample(
        id: String = "\(Quotas.Reservation.ID())",
        expiresAt: Timestamp? = Timestamp(microseconds: .max)
    ) -> StoredReservation {
        StoredReservation(id: id, user: "alice", model: "a/b", createdAt: .now(), expiresAt: expiresAt)
    }
}
