/// Work on a model that goes on without whoever asked for it: it is fetched, or made of another one.
package struct ModelJob: Codable, Sendable, Hashable {
    package typealias ID = Identifier<ModelJob>

    package var id: ID
    package var kind: Kind
    /// `ollama/llama3.2`.
    package var model: String
    package var state: State
    /// What Ollama says it does, in its own words; empty at first.
    package var status: String
    /// The parts of the model that are known so far, in the order in which they became known.
    package var layers: [Layer]
    /// Why it failed.
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

    /// How many bytes there are in all, as far as is known.
    package var totalBytes: Int { layers.reduce(0) { $0 + $1.totalBytes } }

    /// How many of them have come.
    package var completedBytes: Int { layers.reduce(0) { $0 + $1.completedBytes } }

    /// What is done.
    package enum Kind: String, Codable, Sendable, CaseIterable {
        case pull
        case create
    }

    /// How it stands.
    package enum State: String, Codable, Sendable, CaseIterable {
        case running
        /// The model is there.
        case completed
        /// It cannot be had; the fault says why.
        case failed
        /// It broke off; beginning again goes on where it was.
        case interrupted
        /// Somebody ended it.
        case cancelled

        package var isFinal: Bool { self != .running }
    }

    /// A part of a model.
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
