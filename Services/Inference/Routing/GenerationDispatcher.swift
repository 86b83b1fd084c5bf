import Bus
import Contracts

/// Generates answers through ``Admission``: an attempt is over when the first content of the answer has arrived.
struct GenerationDispatcher: Sendable {
    let admission: Admission
    let request: GenerationRequest

    /// Returns the generation of the first target that begins to answer.
    func begin(_ admitted: AdmissionRequest, targets: [Target]) async throws -> Generation {
        try await admission.run(admitted, targets: targets) { call in
            guard let provider = call.runtime.provider as? any ChatModels else {
                throw ProviderError(
                    .unsupported,
                    Fault(.invalid, "\(call.target.server) has no chat models. Choose a model of another provider.")
                )
            }
            let generation = Generation(
                call: call,
                upstream: try await open(provider, call),
                promptBytes: request.promptBytes
            )
            do {
                try await generation.begin()
                return generation
            } catch {
                generation.cancel()
                throw error
            }
        }
    }

    /// Sends the request; always as a stream, so that the timeouts hold for whole answers too.
    private func open(
        _ provider: any ChatModels,
        _ call: AdmittedCall
    ) async throws -> ElementStream<Inference.Event> {
        call.runtime.metrics.began()
        do {
            var prompt = request.prompt(model: call.target.model, responseTimeout: call.limits.firstToken)
                .adapted(to: provider.name)
            prompt.eventLimit = call.limits.eventBytes
            return request.validated(try await provider.generate(prompt))
        } catch {
            call.runtime.metrics.ended(error)
            throw error
        }
    }
}
