/// A background job that downloads or creates a model.
package struct ModelJob: Codable, Sendable, Hashable {
    package typealias ID = Identifier<ModelJob>

    package var id: ID
    package var kind: Kind
    /// `ollama/llama3.2`.
    package var model: String
    package var state: State
    /// Ollama's status text; empty at first.
    package var status: String
    /// The layers known so far, in the order in which they were reported.
    package var layers: [Layer]
    /// The reason of a failure.
    package var fault: Fault?
    package var startedAt: Timestamp
    package var endedAt: Timestamp?

    package init(
        id: ID,
        kind: Kind,
        model: String,
        state: State = .running,
        status: String = "",
        layers: [Layer] = [],
        fault: Fault? = nil,
        startedAt: Timestamp,
        endedAt: Timestamp? = nil
    ) {
        self.id = id
        self.kind = kind
        self.model = model
        self.state = state
        self.status = status
        self.layers = layers
        self.fault = fault
        self.startedAt = startedAt
        self.endedAt = endedAt
    }

    private enum CodingKeys: String, CodingKey {
        case id
        case kind
        case model
        case state
        case status
        case layers
        case fault
        case startedAt = "begun"
        case endedAt = "ended"
    }

    /// Size of all known layers, in bytes.
    package var totalBytes: Int { layers.reduce(0) { $0 + $1.totalBytes } }

    /// Number of bytes downloaded.
    package var completedBytes: Int { layers.reduce(0) { $0 + $1.completedBytes } }

    /// The kind of job.
    package enum Kind: String, Codable, Sendable, CaseIterable {
        case pull
        case create
    }

    /// The state of a job.
    package enum State: String, Codable, Sendable, CaseIterable {
        case running
        /// The model is available.
        case completed
        /// The job failed: see `fault`.
        case failed
        /// The connection was lost; a new job continues the download.
        case interrupted
        /// The job was cancelled.
        case cancelled

        package var isFinal: Bool { self != .running }
    }

    /// A file that is part of a model.
    package struct Layer: Codable, Sendable, Hashable {
        package var digest: String
        package var totalBytes: Int
        package var completedBytes: Int

        package init(digest: String, totalBytes: Int, completedBytes: Int) {
            self.digest = digest
            self.totalBytes = totalBytes
            self.completedBytes = completedBytes
        }
    }
}
