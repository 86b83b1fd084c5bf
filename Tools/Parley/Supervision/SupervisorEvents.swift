import Dispatch
import Glibc
import ServiceKit

/// An event that a supervisor handles.
enum SupervisorEvent: Sendable {
    /// All ports are free: the services can start.
    case portsFree
    /// The services cannot start.
    case cannotStart(String)
    /// A child process may have exited.
    case childExited
    /// Ctrl-C or SIGTERM.
    case stop
    case ready(ServiceKind, pid_t)
    /// Another program answers on the port of a child.
    case portTaken(ServiceKind, pid_t)
    /// A child does not answer any more.
    case hung(ServiceKind, pid_t)
    /// A hung child has had its time to exit after SIGTERM.
    case hungLimitReached(ServiceKind, pid_t)
    /// The pause before another start is over.
    case restart(ServiceKind)
    /// The gateway has had its time to shut down alone.
    case gatewayLimitReached
    /// The shutdown has taken too long.
    case shutdownLimitReached
}

/// Turns signals of the process into events.
enum SupervisorSignals {
    /// Returns sources that listen until they are cancelled or released.
    ///
    /// Waits until they listen: a signal before that would be lost.
    static func sources(_ events: AsyncStream<SupervisorEvent>.Continuation) async -> [any DispatchSourceSignal] {
        let meanings: [(Int32, SupervisorEvent)] = [
            (SIGCHLD, .childExited), (SIGTERM, .stop), (SIGINT, .stop), (SIGHUP, .stop),
        ]
        var sources: [any DispatchSourceSignal] = []
        for (number, event) in meanings {
            if number != SIGCHLD { signal(number, SIG_IGN) }
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { events.yield(event) }
            await withCheckedContinuation { continuation in
                source.setRegistrationHandler { continuation.resume() }
                source.resume()
            }
            sources.append(source)
        }
        return sources
    }
}
