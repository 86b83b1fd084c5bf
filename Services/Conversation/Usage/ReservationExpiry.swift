import Contracts
import Logging
import ServiceLifecycle

/// Settles expired reservations of gateways that stopped before settling them; the reserved amounts count as used.
///
/// After the system clock was set or the machine was suspended, none expires until the calls in progress must have ended:
/// otherwise all of them would be charged their reserved amounts.
struct ReservationExpiry: Service {
    private static let interval = Duration.seconds(10)
    /// Maximum number of reservations per transaction, so that other writes are not delayed.
    private static let batch = 200

    let store: any UsageStore
    /// How long a reservation is valid; see ``QuotaHandlers/reservationLifetime``.
    let lifetime: Duration

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var clock = ClockJumpDetector(pause: self.lifetime, now: .nowWithoutSuspension())
            while !Task.isCancelled {
                if clock.mayExpire(at: .nowWithoutSuspension()) { await self.settleExpired(at: .now()) }
                do { try await Task.sleep(for: Self.interval) } catch { return }
            }
        }
    }

    func settleExpired(at moment: Timestamp) async {
        do {
            while try await store.settleExpired(at: moment, limit: Self.batch) == Self.batch {}
        } catch {
            Logger.current.warning("Expired reservations not settled; retrying later", metadata: ["error": "\(error)"])
        }
    }
}
