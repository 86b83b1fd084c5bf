import Contracts

/// The progress of a job, derived from Ollama's lines: a pure state machine, which receives the time as an argument.
struct JobProgress: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// Maximum times without progress.
    struct Limits: Sendable {
        /// During a download, and before the first line.
        ///
        /// Ollama repeats its lines while nothing changes.
        var fetching = Duration.seconds(600)
        /// During other work: computing the checksum of a large model takes long, without any output.
        var working = Duration.seconds(3600)
    }

    /// Maximum number of layers; further ones are ignored.
    private static let layerLimit = 256

    private(set) var status = ""
    private(set) var layers: [ModelJob.Layer] = []
    private(set) var isDone = false
    private var isWorking = false
    private var lastChange: Instant

    init(begunAt now: Instant) {
        lastChange = now
    }

    /// Applies a line.
    mutating func apply(_ line: OllamaJobLine, at now: Instant) {
        let before = (status, layers)
        if let status = line.status { self.status = status }
        if let digest = line.digest, let total = line.total { update(digest, total, line.completed ?? 0) }
        isWorking = line.digest == nil && !layers.isEmpty
        isDone = isDone || line.isSuccess
        if before != (status, layers) { lastChange = now }
    }

    /// The time at which the job fails unless there is progress.
    func deadline(_ limits: Limits) -> Instant {
        lastChange + (isWorking ? limits.working : limits.fetching)
    }

    private mutating func update(_ digest: String, _ total: Int, _ completed: Int) {
        let layer = ModelJob.Layer(digest: digest, totalBytes: total, completedBytes: min(completed, total))
        if let index = layers.firstIndex(where: { $0.digest == digest }) {
            layers[index] = layer
        } else if layers.count < Self.layerLimit {
            layers.append(layer)
        }
    }
}

extension JobProgress {
    /// Copies the progress to a job.
    func copy(to job: inout ModelJob) {
        job.status = status
        job.layers = layers
    }
}
