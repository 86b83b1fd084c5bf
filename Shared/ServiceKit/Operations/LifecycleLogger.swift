import Glibc
import Logging
import ServiceLifecycle

/// Says in the log where a service listens, and when it begins to drain.
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
        // A second Ctrl-C does not wait for the drain.
        signal(SIGINT, SIG_DFL)
    }
}
