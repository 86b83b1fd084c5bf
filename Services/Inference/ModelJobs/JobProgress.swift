import Contracts

/// The progress of a job, derived from its steps: a pure state machine, which receives the time as an argument.
struct JobProgress: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// Maximum times without progress.
    struct Limits: Sendable {
        /// During a download, and before the first step.
        ///
        /// Steps are repeated while nothing changes.
        var fetching = Duration.seconds(600)
        /// During other work: computing the checksum of a large model takes long, without any output.
        var working = Duration.seconds(3600)
    }

    /// Maximum number of layers; further ones are ignored.
    private static let layerLimit = 256
    /// Maximum number of different statuses that count as progress.
    private static let statusLimit = 256

    private(set) var status = ""
    private(set) var layers: [ModelJob.Layer] = []
    private(set) var isDone = false
    private var isWorking = false
    /// The statuses so far, and the largest number of completed bytes of each layer.
    private var statuses: Set<String> = []
    private var maxima: [String: Int] = [:]
    private var lastProgress: Instant

    init(begunAt now: Instant) {
        lastProgress = now
    }

    /// Applies a step.
    ///
    /// Only what was never there before is progress, so that a job that goes back and forth ends.
    mutating func apply(_ step: JobStep, at now: Instant) {
        if let status = step.status {
            self.status = status
            if statuses.count < Self.statusLimit, statuses.insert(status).inserted { lastProgress = now }
        }
        if let digest = step.digest, let total = step.total, update(digest, total, step.completed ?? 0) {
            lastProgress = now
        }
        isWorking = step.digest == nil && !layers.isEmpty
        isDone = isDone || step.isSuccess
    }

    /// The time at which the job fails unless there is progress.
    func deadline(_ limits: Limits) -> Instant {
        lastProgress + (isWorking ? limits.working : limits.fetching)
    }

    /// Updates a layer; returns whether more of it is complete than ever before.
    private mutating func update(_ digest: String, _ total: Int, _ completed: Int) -> Bool {
        let layer = ModelJob.Layer(digest: digest, totalBytes: total, completedBytes: min(completed, total))
        if let index = layers.firstIndex(where: { $0.digest == digest }) {
            layers[index] = layer
        } else if layers.count < Self.layerLimit {
            layers.append(layer)
        } else {
            return false
        }
        guard layer.completedBytes > maxima[digest, default: -1] else { return false }
        maxima[digest] = layer.completedBytes
        return true
    }
}

extension JobProgress {
    /// Copies the progress to a job.
    func copy(to job: inout ModelJob) {
        job.status = status
        job.layers = layers
    }
}
