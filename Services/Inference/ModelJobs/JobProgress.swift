import Contracts

/// What is known of a job by what Ollama said so far; pure, the time is told to it.
struct JobProgress: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// How long nothing may change.
    struct Limits: Sendable {
        /// While bytes are fetched, or nothing has come yet; Ollama repeats where it stands while nothing moves.
        var fetching = Duration.seconds(600)
        /// While Ollama works on what it has: a checksum of a large model on a slow disk takes long, in silence.
        var working = Duration.seconds(3600)
    }

    /// More layers than a model has are not told apart.
    private static let layerLimit = 256

    private(set) var status = ""
    private(set) var layers: [ModelJob.Layer] = []
    private(set) var isDone = false
    private var isWorking = false
    private var lastChange: Instant

    init(begunAt now: Instant) {
        lastChange = now
    }

    /// Takes a line over.
    mutating func take(_ line: OllamaJobLine, at now: Instant) {
        let before = (status, layers)
        if let status = line.status { self.status = status }
        if let digest = line.digest, let total = line.total { note(digest, total, line.completed ?? 0) }
        isWorking = line.digest == nil && !layers.isEmpty
        isDone = isDone || line.isSuccess
        if before != (status, layers) { lastChange = now }
    }

    /// When the job counts as stuck unless something changes.
    func deadline(_ limits: Limits) -> Instant {
        lastChange + (isWorking ? limits.working : limits.fetching)
    }

    private mutating func note(_ digest: String, _ total: Int, _ completed: Int) {
        let layer = ModelJob.Layer(digest: digest, totalBytes: total, completedBytes: min(completed, total))
        if let index = layers.firstIndex(where: { $0.digest == digest }) {
            layers[index] = layer
        } else if layers.count < Self.layerLimit {
            layers.append(layer)
        }
    }
}

extension JobProgress {
    /// Tells a job where it stands.
    func tell(_ job: inout ModelJob) {
        job.status = status
        job.layers = layers
    }
}
