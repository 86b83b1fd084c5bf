extension Models {
    /// Starts a job that downloads a model of Ollama; returns immediately.
    ///
    /// The job does not depend on the caller's connection. If the same model is already being downloaded, returns that
    /// job. Throws `invalid` for an invalid name, a name with a host, or the name of another provider; `limited` for
    /// too many jobs; `unavailable` during shutdown. The job itself reports that Ollama is unreachable.
    package struct Pull: Endpoint, Hashable {
        package static let path = "/models/pull"
        package typealias Response = StartedJob
        /// `ollama/llama3.2`, or a bare name.
        package var model: String

        package init(model: String) {
            self.model = model
        }
    }

    /// Starts a job that creates a model based on another one; returns immediately.
    ///
    /// Throws what ``Pull`` throws, and `conflict` while a job with other parameters creates a model of the same name.
    package struct Create: Endpoint, Hashable {
        package static let path = "/models/create"
        package typealias Response = StartedJob
        /// Name of the new model.
        package var model: String
        /// Name of the base model; Ollama downloads it if necessary.
        package var from: String
        /// The system prompt.
        package var system: String?
        /// Ollama's prompt template (default: that of the base model).
        package var template: String?
        /// Ollama's parameters: an object such as `{"temperature":0.7,"stop":["User:"]}`.
        package var parameters: RawJSON?

        package init(
            model: String,
            from: String,
            system: String? = nil,
            template: String? = nil,
            parameters: RawJSON? = nil
        ) {
            self.model = model
            self.from = from
            self.system = system
            self.template = template
            self.parameters = parameters
        }
    }

    /// Lists active jobs and those that ended within the last hour, newest first.
    package struct Pulls: Endpoint {
        package static let path = "/pulls/list"
        package static let isIdempotent = true
        package typealias Response = [ModelJob]

        package init() {}
    }

    /// Streams the state of a job: the current one, then each change until the job has ended.
    ///
    /// Combines changes that follow each other quickly. Throws `missing`.
    package struct FollowPull: StreamingEndpoint {
        package static let path = "/pulls/follow"
        package static let isIdempotent = true
        package typealias Element = ModelJob
        package var id: ModelJob.ID

        package init(id: ModelJob.ID) {
            self.id = id
        }
    }

    /// Cancels a job and closes its connection to Ollama; downloaded layers are kept.
    ///
    /// Does nothing if the job has ended. Throws `missing`.
    package struct CancelPull: Endpoint {
        package static let path = "/pulls/cancel"
        package static let isIdempotent = true
        package typealias Response = ModelJob
        package var id: ModelJob.ID

        package init(id: ModelJob.ID) {
            self.id = id
        }
    }

    /// Deletes a model of Ollama.
    ///
    /// Throws `missing`, `invalid` for a model of another provider, `unavailable`.
    package struct Delete: Endpoint {
        package static let path = "/models/delete"
        package typealias Response = Done
        package var model: String

        package init(model: String) {
            self.model = model
        }
    }

    /// Returns the details of a model.
    ///
    /// Throws `missing`, `unavailable`.
    package struct Show: Endpoint {
        package static let path = "/models/show"
        package static let isIdempotent = true
        package typealias Response = ModelDescription
        package var model: String

        package init(model: String) {
            self.model = model
        }
    }

    /// A job, and whether the request started it.
    package struct StartedJob: Codable, Sendable, Hashable {
        package var job: ModelJob
        /// Whether the request started the job; `false` if it was already running.
        package var isNew: Bool

        package init(job: ModelJob, isNew: Bool) {
            self.job = job
            self.isNew = isNew
        }
    }
}
