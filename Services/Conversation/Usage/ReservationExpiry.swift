import Contracts
import Logging
import ServiceLifecycle

/// Settles what a gateway reserved and never settled, since it is gone: what was reserved counts as used.
struct ReservationExpiry: Service {
    private static let interval = Duration.seconds(10)
    /// How many are settled at a time, so that nobody waits for it.
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
            // Mostly there is none, and the writer is left alone.
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
            Logger.current.warning("Old reservations not settled; trying later", metadata: ["error": "\(error)"])
        }
    }
}
