import Logging
package import ServiceKit
import ServiceLifecycle

/// Runs a service as its executable does, gives its port to `body`, and always shuts it down gracefully.
///
/// The shutdown is limited to thirty seconds, after which remaining work is cancelled.
package func withRunning<Result>(
    _ unit: ServiceUnit,
    _ body: (Int) async throws -> Result
) async throws -> Result {
    var configuration = ServiceGroupConfiguration(
        services: unit.services,
        logger: Logger(label: unit.name) { _ in SwiftLogNoOpLogHandler() }
    )
    configuration.maximumGracefulShutdownDuration = .seconds(30)
    let group = ServiceGroup(configuration: configuration)
    return try await withThrowingTaskGroup(of: Int?.self) { tasks in
        tasks.addTask {
            try await group.run()
            return nil
        }
        tasks.addTask { try await unit.listeningPort.value() }
        do {
            guard let port = try await tasks.next() ?? nil else {
                throw ConditionTimeout(description: "\(unit.name) ended before it listened.")
            }
            let result = try await body(port)
            await group.triggerGracefulShutdown()
            while try await tasks.next() != nil {}
            return result
        } catch {
            await group.triggerGracefulShutdown()
            tasks.cancelAll()
            throw error
        }
    }
}
