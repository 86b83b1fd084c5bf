import Bus
import Contracts
import Logging
import Metrics
import ServiceLifecycle
import Synchronization

/// Owns the jobs that pull and create models.
///
/// A job continues when its client disconnects, and ends with the service.
final class ModelJobs: Service {
    /// The work of a job.
    typealias Work = @Sendable (JobPublisher) async throws -> Void

    /// Limits on jobs.
    struct Limits: Sendable {
        /// Maximum number of running jobs.
        var running = 8
        /// How many finished jobs are kept, and for how long.
        var finished = 100
        var retention = Duration.seconds(3600)
        /// Minimum time between two states for a watcher.
        var pace = Duration.milliseconds(250)
    }

    private struct Entry {
        let publisher: JobPublisher
        /// Identifies the model: a second job for it joins the first one.
        let key: String
        /// A second job for the same model must have the same definition.
        let definition: String?
        var task: Task<Void, Never>?
        /// When the task ended.
        var ended: ContinuousClock.Instant?

        var isRunning: Bool { !publisher.job.state.isFinal }
    }

    private struct State {
        var entries: [ModelJob.ID: Entry] = [:]
        var isDraining = false

        var runningCount: Int { entries.values.count(where: \.isRunning) }

        /// Removes expired finished jobs, and the oldest ones beyond the maximum number.
        mutating func removeExpired(_ limits: Limits) {
            let now = ContinuousClock.now
            entries = entries.filter { $0.value.ended.map { $0 + limits.retention > now } ?? true }
            let ended = entries.compactMap { id, entry in entry.ended.map { (id, $0) } }.sorted { $0.1 < $1.1 }
            for (id, _) in ended.dropLast(limits.finished) { entries[id] = nil }
        }
    }

    private let limits: Limits
    private let state = Mutex(State())
    private let running = Meter(label: "inference_model_jobs_running")

    init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Starts a job, or joins the running job for the same model.
    ///
    /// Throws `limited`, `conflict`, or `unavailable` during shutdown.
    func start(
        _ kind: ModelJob.Kind,
        _ name: ManagedModel,
        definition: String? = nil,
        _ work: @escaping Work
    ) throws -> Models.StartedJob {
        let key = "\(kind) \(name.key)"
        let job = ModelJob(id: ModelJob.ID(), kind: kind, model: name.full, startedAt: .now())
        let begun = try state.withLock { state throws in
            state.removeExpired(limits)
            if let other = state.entries.values.first(where: { $0.key == key && $0.isRunning }) {
                guard other.definition == definition else { throw Self.conflict(name) }
                return Models.StartedJob(job: other.publisher.job, isNew: false)
            }
            guard !state.isDraining else { throw Self.draining }
            guard state.runningCount < limits.running else { throw Self.tooMany(limits.running) }
            let publisher = JobPublisher(job)
            var entry = Entry(publisher: publisher, key: key, definition: definition)
            entry.task = Task { await self.perform(work, publisher) }
            state.entries[job.id] = entry
            return Models.StartedJob(job: job, isNew: true)
        }
        updateMeter()
        return begun
    }

    /// The jobs, newest first.
    var list: [ModelJob] {
        let jobs = state.withLock { state in
            state.removeExpired(limits)
            return state.entries.values.map(\.publisher.job)
        }
        return jobs.sorted { ($0.startedAt, $0.id.description) > ($1.startedAt, $1.id.description) }
    }

    /// A stream of a job's states until its end.
    func watch(_ id: ModelJob.ID) throws -> ElementStream<ModelJob> {
        try entry(id).publisher.watch(pace: limits.pace)
    }

    /// Cancels a job, and returns after it has ended.
    func cancel(_ id: ModelJob.ID) async throws -> ModelJob {
        let entry = try entry(id)
        entry.task?.cancel()
        await entry.task?.value
        return entry.publisher.job
    }

    func run() async throws {
        // Waits for shutdown; cancellation has the same effect.
        await cancelWhenGracefulShutdown {
            do { try await Task.sleep(for: .seconds(315_360_000)) } catch {}
        }
        let tasks = state.withLock { state in
            state.isDraining = true
            return state.entries.values.compactMap(\.task)
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    private func entry(_ id: ModelJob.ID) throws(Fault) -> Entry {
        let entry = state.withLock { state in
            state.removeExpired(limits)
            return state.entries[id]
        }
        guard let entry else {
            throw Fault(.missing, "Job \(id) not found. Finished jobs are kept for an hour.")
        }
        return entry
    }

    private func perform(_ work: Work, _ publisher: JobPublisher) async {
        let job = publisher.job
        let metadata: Logger.Metadata = ["job.id": "\(job.id)", "model.name": "\(job.model)"]
        Logger.current.info("Begun to \(job.kind.rawValue)", metadata: metadata)
        let (end, fault) = await outcome(of: work, publisher)
        publisher.change { job in
            job.state = end
            job.fault = fault
            job.endedAt = .now()
        }
        state.withLock { state in
            state.entries[job.id]?.ended = .now
            state.entries[job.id]?.task = nil
        }
        Logger.current.info(
            "Job finished",
            metadata: metadata.merging(["job.state": "\(end)", "fault": "\(fault?.message ?? "")"]) { $1 }
        )
        Counter(
            label: "inference_model_jobs",
            dimensions: [("kind", job.kind.rawValue), ("outcome", end.rawValue)]
        ).increment()
        updateMeter()
    }

    private func outcome(of work: Work, _ publisher: JobPublisher) async -> (ModelJob.State, Fault?) {
        do {
            try await work(publisher)
            return (.completed, nil)
        } catch let fault as Fault {
            let isBroken = fault.code == .cut || fault.code == .timeout
            return (isBroken ? .interrupted : .failed, fault)
        } catch is CancellationError {
            guard state.withLock({ $0.isDraining }) else { return (.cancelled, nil) }
            let fault = Fault(.cut, "The inference service was stopped. Start the job again: downloaded data is kept.")
            return (.interrupted, fault)
        } catch {
            Logger.current.error("Job failed", metadata: ["job.id": "\(publisher.job.id)", "error": "\(error)"])
            return (.failed, Fault(.internal, "Something went wrong. See the log of the inference service."))
        }
    }

    private func updateMeter() {
        running.set(state.withLock { $0.runningCount })
    }

    private static let draining = Fault(
        .unavailable,
        "The inference service is shutting down. Try again in a moment.",
        retryAfter: 1
    )

    private static func conflict(_ name: ManagedModel) -> Fault {
        Fault(
            .conflict,
            "\(name.full) is already being created with different properties. Wait for that job, or cancel it."
        )
    }

    private static func tooMany(_ limit: Int) -> Fault {
        Fault(.limited, "\(limit) models are already being pulled or created. Wait for one of them.", retryAfter: 30)
    }
}
