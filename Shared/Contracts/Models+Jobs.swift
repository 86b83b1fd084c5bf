extension Models {
    /// Fetches a model of Ollama; answers at once with the job that does.
    ///
    /// The job goes on when whoever asked leaves. A model that is being fetched already is not fetched twice: its job is
    /// joined. Throws `invalid` for a name that is none, is another provider's or names a host; `limited` when too many
    /// jobs go on; `unavailable` when the service is about to stop. That Ollama cannot be reached is told by the job.
    package struct Pull: Endpoint, Hashable {
        package static let path = "/models/pull"
        package typealias Response = StartedJob
        /// `ollama/llama3.2`, or a bare name.
        package var model: String

        package init(model: String) {
            self.model = model
        }
    }

    /// Makes a model of another one, with a personality; answers at once with the job that does.
    ///
    /// Throws what ``Pull`` throws, and `conflict` while another recipe for the same name is at work.
    package struct Create: Endpoint, Hashable {
        package static let path = "/models/create"
        package typealias Response = StartedJob
        /// The new model's name.
        package var model: String
        /// The one that it is made of; Ollama fetches it if it has to.
        package var from: String
        /// Who it is to be.
        package var system: String?
        /// Ollama's template of the prompt; absent: the one of the model that it is made of.
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

    /// Lists the jobs that go on and those that ended within the last hour, newest first.
    package struct Pulls: Endpoint {
        package static let path = "/pulls/list"
        package typealias Response = [ModelJob]

        package init() {}
    }

    /// Tells how a job stands, first at once, then whenever it has changed, to its end.
    ///
    /// What changes faster than anybody can read is told together. Throws `missing`.
    package struct FollowPull: StreamingEndpoint {
        package static let path = "/pulls/follow"
        package typealias Element = ModelJob
        package var id: ModelJob.ID

        package init(id: ModelJob.ID) {
            self.id = id
        }
    }

    /// Ends a job: Ollama's connection is closed at once; what has come stays and is not fetched again.
    ///
    /// One that has ended stays as it is. Throws `missing`.
    package struct CancelPull: Endpoint {
        package static let path = "/pulls/cancel"
        package typealias Response = ModelJob
        package var id: ModelJob.ID

        package init(id: ModelJob.ID) {
            self.id = id
        }
    }

    /// Deletes a model of Ollama.
    ///
    /// Throws `missing`, `invalid` for another provider's, `unavailable`.
    package struct Delete: Endpoint {
        package static let path = "/models/delete"
        package typealias Response = Done
        package var model: String

        package init(model: String) {
            self.model = model
        }
    }

    /// Tells what is known of a model.
    ///
    /// Throws `missing`, `unavailable`.
    package struct Show: Endpoint {
        package static let path = "/models/show"
        package typealias Response = ModelDescription
        package var model: String

        package init(model: String) {
            self.model = model
        }
    }

    /// A job, and whether it was begun by this request.
    package struct StartedJob: Codable, Sendable, Hashable {
        package var job: ModelJob
        /// Whether it is a new one, rather than one that was joined.
        package var isNew: Bool

        package init(job: ModelJob, isNew: Bool) {
            self.job = job
            self.isNew = isNew
        }
    }
}
