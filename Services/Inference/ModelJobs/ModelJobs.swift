import Bus
import Contracts
import Logging
import Metrics
import ServiceLifecycle
import Synchronization

/// Owns the jobs that fetch and make models: one goes on when whoever asked for it leaves, and ends with this service.
final class ModelJobs: Service {
    /// What is done for a job, to its end.
    typealias Work = @Sendable (JobPublisher) async throws -> Void

    /// How many jobs there may be.
    struct Limits: Sendable {
        /// At once.
        var running = 8
        /// Of those that have ended, how many are remembered, and for how long.
        var remembered = 100
        var memory = Duration.seconds(3600)
        /// How often a watcher is told of changes.
        var pace = Duration.milliseconds(250)
    }

    private struct Entry {
        let publisher: JobPublisher
        /// Which jobs are the same, so that a second one joins the first.
        let key: String
        /// What a job of the same key must agree in.
        let modelfile: Modelfile?
        var task: Task<Void, Never>?
        /// When its task ended, a moment after the job did.
        var ended: ContinuousClock.Instant?

        var isRunning: Bool { !publisher.job.state.isFinal }
    }

    private struct State {
        var entries: [ModelJob.ID: Entry] = [:]
        var isDraining = false

        var runningCount: Int { entries.values.count(where: \.isRunning) }

        /// Forgets what has ended long ago, and of the rest the oldest when they are many.
        mutating func forget(_ limits: Limits) {
            let now = ContinuousClock.now
            entries = entries.filter { $0.value.ended.map { $0 + limits.memory > now } ?? true }
            let ended = entries.compactMap { id, entry in entry.ended.map { (id, $0) } }.sorted { $0.1 < $1.1 }
            for (id, _) in ended.dropLast(limits.remembered) { entries[id] = nil }
        }
    }

    private let limits: Limits
    private let state = Mutex(State())
    private let running = Meter(label: "inference_model_jobs_running")

    init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Begins a job, or joins the one that does the same.
    ///
    /// Throws `limited`, `conflict`, and `unavailable` when the service is about to end.
    func begin(
        _ kind: ModelJob.Kind,
        _ name: OllamaModelName,
        modelfile: Modelfile? = nil,
        _ work: @escaping Work
    ) throws -> Models.StartedJob {
        let key = "\(kind) \(name.key)"
        var modelfile = modelfile
        // Two spellings of the name are no two recipes.
        modelfile?.model = name.key
        let same = modelfile
        let job = ModelJob(id: ModelJob.ID(), kind: kind, model: name.full, startedAt: .now())
        let begun = try state.withLock { state throws in
            state.forget(limits)
            if let other = state.entries.values.first(where: { $0.key == key && $0.isRunning }) {
                guard other.modelfile == same else { throw Self.conflict(name) }
                return Models.StartedJob(job: other.publisher.job, isNew: false)
            }
            guard !state.isDraining else { throw Self.draining }
            guard state.runningCount < limits.running else { throw Self.tooMany(limits.running) }
            let publisher = JobPublisher(job)
            var entry = Entry(publisher: publisher, key: key, modelfile: same)
            entry.task = Task { await self.perform(work, publisher) }
            state.entries[job.id] = entry
            return Models.StartedJob(job: job, isNew: true)
        }
        tell()
        return begun
    }

    /// The jobs, newest first.
    var list: [ModelJob] {
        let jobs = state.withLock { state in
            state.forget(limits)
            return state.entries.values.map(\.publisher.job)
        }
        return jobs.sorted { ($0.startedAt, $0.id.description) > ($1.startedAt, $1.id.description) }
    }

    /// How a job stands, again and again to its end.
    func watch(_ id: ModelJob.ID) throws -> ElementStream<ModelJob> {
        try entry(id).publisher.watch(pace: limits.pace)
    }

    /// Ends a job; answers when it has ended.
    func cancel(_ id: ModelJob.ID) async throws -> ModelJob {
        let entry = try entry(id)
        entry.task?.cancel()
        await entry.task?.value
        return entry.publisher.job
    }

    func run() async throws {
        // Nothing is done until the end begins; a cancelled wait is that end as well.
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
            state.forget(limits)
            return state.entries[id]
        }
        guard let entry else {
            throw Fault(.missing, "There is no job \(id); jobs that have ended are remembered for an hour.")
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
            "Ended to \(job.kind.rawValue)",
            metadata: metadata.merging(["job.state": "\(end)", "fault": "\(fault?.message ?? "")"]) { $1 }
        )
        Counter(
            label: "inference_model_jobs",
            dimensions: [("kind", job.kind.rawValue), ("outcome", end.rawValue)]
        ).increment()
        tell()
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
            let fault = Fault(.cut, "inference-svc was stopped meanwhile. Begin again: what has come is kept.")
            return (.interrupted, fault)
        } catch {
            Logger.current.error("Job failed", metadata: ["job.id": "\(publisher.job.id)", "error": "\(error)"])
            return (.failed, Fault(.internal, "Something went wrong in inference-svc; its log says what."))
        }
    }

    private func tell() {
        running.set(state.withLock { $0.runningCount })
    }

    private static let draining = Fault(
        .unavailable,
        "inference-svc is about to stop. Try again in a moment.",
        retryAfter: 1
    )

    private static func conflict(_ name: OllamaModelName) -> Fault {
        Fault(.conflict, "\(name.full) is being made after another recipe. Wait for its end, or cancel it.")
    }

    private static func tooMany(_ limit: Int) -> Fault {
        Fault(.limited, "\(limit) models are being fetched or made already. Wait for one of them.", retryAfter: 30)
    }
}
