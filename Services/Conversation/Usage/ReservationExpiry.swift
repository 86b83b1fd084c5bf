import Contracts
import Logging
import ServiceLifecycle

/// Settles expired reservations of gateways that stopped before settling them; the reserved amounts count as used.
struct ReservationExpiry: Service {
    private static let interval = Duration.seconds(10)
    /// Maximum number of reservations per transaction, so that other writes are not delayed.
    private static let batch = 200

    let database: Database

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.settleExpired(at: .now())
                do { try await Task.sleep(for: Self.interval) } catch { return }
            }
        }
    }

    func settleExpired(at moment: Timestamp) async {
        do {
            // Usually nothing has expired, and no write is needed.
            while try await !database.read({ try ReservationRows.expired(at: moment, limit: 1, in: $0) }).isEmpty {
                try await database.write { database in
                    for reservation in try ReservationRows.expired(at: moment, limit: Self.batch, in: database) {
                        try QuotaReservations.settle(
                            reservation,
                            model: reservation.model,
                            usage: reservation.estimate.usage,
                            at: moment,
                            in: database
                        )
                    }
                }
            }
        } catch {
            Logger.current.warning("Expired reservations not settled; retrying later", metadata: ["error": "\(error)"])
        }
    }
}
