import NIOCore
import NIOPosix

/// Runs tasks on one event loop, so that a connection, what handles it and what it asks upstream share a thread.
///
/// Whatever blocks on such a task stops every connection of that loop: nothing that blocks may run there.
package final class EventLoopTaskExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    private static let executors: [ObjectIdentifier: EventLoopTaskExecutor] = {
        var executors: [ObjectIdentifier: EventLoopTaskExecutor] = [:]
        for loop in MultiThreadedEventLoopGroup.singleton.makeIterator() {
            executors[ObjectIdentifier(loop)] = EventLoopTaskExecutor(eventLoop: loop)
        }
        return executors
    }()

    /// The executor of an event loop of the house's group.
    static func executor(for eventLoop: any EventLoop) -> EventLoopTaskExecutor? {
        executors[ObjectIdentifier(eventLoop)]
    }

    /// The executor of the event loop that the caller runs on, else any.
    package static var current: EventLoopTaskExecutor? {
        executor(for: MultiThreadedEventLoopGroup.singleton.any())
    }
}
