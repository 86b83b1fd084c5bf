import Bus
import Contracts
import HTTP
import InferenceService
import ServiceKit
import TestSupport

/// Runs inference-svc on a free port, with a bus connection to it.
func withInference<Result>(
    _ settings: [String: String] = [:],
    _ body: (HTTPBus) async throws -> Result
) async throws -> Result {
    let token = "a-bus-token-for-tests-only-0123456789"
    let own = ["BUS_TOKEN": token, "INFERENCE_PORT": "0", "OLLAMA_BASE_URL": try await unreachableURL()]
    let unit = try await InferenceService.unit(
        settings: Settings(values: own.merging(settings) { $1 }),
        demoPace: .zero
    )
    return try await withRunning(unit) { port in
        try await body(
            HTTPBus(peer: "inference-svc", urls: ["http://127.0.0.1:\(port)"], token: token, client: HTTPClient())
        )
    }
}

extension HTTPBus {
    /// Returns the complete answer.
    func outcome(_ request: Inference.Generate = question()) async throws -> Outcome {
        try await Outcome { try await stream(request, CallContext()) }
    }
}
