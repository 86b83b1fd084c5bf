import Logging
import ServiceLifecycle

/// Says in the log where a service listens.
struct Announcement: Service {
    let unit: ServiceUnit
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            do {
                let port = try await unit.listening.port()
                logger.info("Listening", metadata: ["address": "\(unit.host):\(port)"])
                try await Task.sleep(for: .seconds(315_360_000))
            } catch {
                // The end of the wait is the end of the service.
            }
        }
    }
}
