import Contracts

extension Sample {
    static let job = ModelJob(
        id: id("0192f0c1-7b5a-7c3e-9f00-000000000041"),
        kind: .pull,
        model: "ollama/llama3.2",
        status: "pulling \"dde5\"",
        layers: [.init(digest: "sha256:dde5", totalBytes: 2000, completedBytes: 500)],
        startedAt: moment
    )

    static func ended(_ state: ModelJob.State, _ fault: Fault? = nil) -> ModelJob {
        var job = job
        job.state = state
        job.fault = fault
        job.endedAt = moment
        return job
    }

    static let reports = [
        Models.ProviderReport(
            name: "ollama",
            address: "http://10.0.0.5:11434",
            models: [Model(name: "ollama/llama3.2:latest", window: 8192, abilities: [.chat, .tools])],
            fault: Fault(.unavailable, "Ollama is away.")
        ),
        Models.ProviderReport(
            name: "demo",
            address: nil,
            models: [
                Model(name: "demo/demo", window: 8192, note: "A demo.", price: Model.Price(prompt: 0.5, completion: 2))
            ],
            fault: nil
        ),
    ]

    static let description: ModelDescription = {
        var description = ModelDescription(
            model: Model(name: "ollama/llama3.2:latest", window: 8192, abilities: [.chat])
        )
        description.fullWindow = 131_072
        description.family = "llama"
        return description
    }()
}
