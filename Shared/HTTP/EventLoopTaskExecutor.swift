import NIOCore
import NIOPosix

/// Runs tasks on one event loop, so that a connection, its handler and the handler's upstream calls share a thread, and
/// flushes the connections that these tasks wrote to once per turn.
///
/// A task that blocks here blocks every connection of the event loop.
///
/// `@unchecked Sendable`: the properties below `eventLoop` are used on that event loop only; jobs from other threads go
/// through `eventLoop.execute`.
package final class EventLoopTaskExecutor: TaskExecutor, @unchecked Sendable {
    /// Maximum number of jobs per turn, so that sockets are served in between.
    private static let batch = 256

    private let eventLoop: any EventLoop
    private var jobs = CircularBuffer<UnownedJob>()
    private var pendingFlushes: [WriteCoalescer] = []
    private var isScheduled = false

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        guard eventLoop.inEventLoop else {
            return eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }
        jobs.append(job)
        schedule()
    }

    /// Flushes a connection after the jobs of this turn.
    func scheduleFlush(of coalescer: WriteCoalescer) {
        pendingFlushes.append(coalescer)
        schedule()
    }

    /// Schedules one event loop task for all jobs and flushes of a turn.
    private func schedule() {
        guard !isScheduled else { return }
        isScheduled = true
        eventLoop.execute { self.run() }
    }

    private func run() {
        let executor = asUnownedTaskExecutor()
        var count = 0
        while count < Self.batch, let job = jobs.popFirst() {
            job.runSynchronously(on: executor)
            count += 1
        }
        let due = pendingFlushes
        pendingFlushes.removeAll(keepingCapacity: true)
        for coalescer in due { coalescer.flushNow() }
        isScheduled = false
        // Jobs and flushes that were added meanwhile, or that exceeded the batch.
        if !jobs.isEmpty || !pendingFlushes.isEmpty { schedule() }
    }

    private static let executors: [ObjectIdentifier: EventLoopTaskExecutor] = {
        var executors: [ObjectIdentifier: EventLoopTaskExecutor] = [:]
        for loop in MultiThreadedEventLoopGroup.singleton.makeIterator() {
            executors[ObjectIdentifier(loop)] = EventLoopTaskExecutor(eventLoop: loop)
        }
        return executors
    }()

    /// Returns the executor of an event loop of the singleton group.
    static func executor(for eventLoop: any EventLoop) -> EventLoopTaskExecutor? {
        executors[ObjectIdentifier(eventLoop)]
    }

    /// The executor of the caller's event loop, otherwise the executor of any.
    package static var current: EventLoopTaskExecutor? {
        executor(for: MultiThreadedEventLoopGroup.singleton.any())
    }
}
