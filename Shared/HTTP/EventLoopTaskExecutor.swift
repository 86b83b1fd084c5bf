import NIOCore
import NIOPosix

/// Runs tasks on one event loop, so that a connection, what handles it and what it asks upstream share a thread; and
/// sends what those tasks have written when they have all had their turn.
///
/// Whatever blocks on such a task stops every connection of that loop: nothing that blocks may run there.
///
/// `@unchecked Sendable`: every property below `eventLoop` is touched on that event loop alone; a job that comes from
/// elsewhere goes through `eventLoop.execute`.
package final class EventLoopTaskExecutor: TaskExecutor, @unchecked Sendable {
    /// How many jobs run in a row before the sockets get their turn again.
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

    /// Has a connection send what was written to it, once the jobs of this turn are done.
    func scheduleFlush(of coalescer: WriteCoalescer) {
        pendingFlushes.append(coalescer)
        schedule()
    }

    /// One entry in the loop's queue for all jobs of a turn, and one system call for all that a connection is sent.
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
        // What came meanwhile, or was too much for one turn.
        if !jobs.isEmpty || !pendingFlushes.isEmpty { schedule() }
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
