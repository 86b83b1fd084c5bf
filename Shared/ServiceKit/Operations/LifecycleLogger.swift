import Glibc
import Logging
import ServiceLifecycle

/// Logs the address at which a service listens, and the beginning of its shutdown.
struct LifecycleLogger: Service {
    let unit: ServiceUnit
    let logger: Logger

    func run() async throws {
        let port = await cancelWhenGracefulShutdown { () -> Int? in
            do { return try await unit.listeningPort.value() } catch { return nil }
        }
        guard let port else { return }
        logger.info("Listening", metadata: ["address": "\(unit.host):\(port)"])
        do { try await gracefulShutdown() } catch { return }
        logger.info("Draining")
        // A second Ctrl-C ends the process at once.
        signal(SIGINT, SIG_DFL)
    }
}
