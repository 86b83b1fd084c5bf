import Dispatch
import Glibc

/// What a supervisor hears of.
enum SupervisorEvent: Sendable {
    /// Some child has ended.
    case childEnded
    /// Somebody wants an end: Ctrl-C or SIGTERM.
    case stop
    case ready(ServiceKind, pid_t)
    /// The pause before another start is over.
    case restart(ServiceKind)
    /// The gateway has had its time: who makes answers drains beside it.
    case gatewayWaitedFor
    /// The drain has taken too long.
    case overdue
}

/// Turns the signals of the process into events.
enum SupervisorSignals {
    /// Listens for as long as the sources are held and not cancelled.
    static func sources(_ events: AsyncStream<SupervisorEvent>.Continuation) -> [any DispatchSourceSignal] {
        let meanings: [(Int32, SupervisorEvent)] = [
            (SIGCHLD, .childEnded), (SIGTERM, .stop), (SIGINT, .stop), (SIGHUP, .stop),
        ]
        return meanings.map { number, event in
            if number != SIGCHLD { signal(number, SIG_IGN) }
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { events.yield(event) }
            source.resume()
            return source
        }
    }
}
