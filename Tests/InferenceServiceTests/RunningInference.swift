import Bus
import Contracts
import Foundation
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
    var own = ["BUS_TOKEN": token, "INFERENCE_PORT": "0", "OLLAMA_BASE_URL": try await unreachableURL()]
    // The default model of an Ollama that is down is not known.
    if settings["OLLAMA_BASE_URL"] == nil { own["DEFAULT_MODEL"] = "demo/demo" }
    let unit = try await InferenceService.unit(
        settings: Settings(values: own.merging(settings) { $1 }.filter { !$0.value.isEmpty }),
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

/// Runs inference-svc with a `PROVIDERS_FILE` of this content.
func withInference<Result>(
    file: String,
    _ settings: [String: String] = [:],
    _ body: (HTTPBus) async throws -> Result
) async throws -> Result {
    try await withTemporaryDirectory { directory in
        let path = directory + "/providers.json"
        try file.write(toFile: path, atomically: true, encoding: .utf8)
        return try await withInference(settings.merging(["PROVIDERS_FILE": path]) { $1 }, body)
    }
}
