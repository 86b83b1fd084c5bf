import Bus
import Contracts
import ConversationService
import GatewayService
import HTTP
import InferenceService
import MediaService
import ServiceKit
import TestSupport
import TranscriptionService

/// All five services in one process, on free ports and in a temporary folder.
struct ServiceStack {
    static let token = "a-secret-of-the-bus-for-the-tests-only"
    static let secret = "a-secret-for-signing-tokens-in-the-tests-only"

    let gateway: Int
    let conversation: Int
    let inference: Int
    let media: Int
    let transcription: Int
    /// The endpoint tables of all services.
    let tables: [EndpointTable]

    /// A bus to conversation-svc.
    var conversationBus: HTTPBus {
        get throws {
            let url = "http://127.0.0.1:\(conversation)"
            return try HTTPBus(peer: "conversation-svc", urls: [url], token: Self.token, client: HTTPClient())
        }
    }

    static func with<Value>(
        settings: [String: String] = [:],
        _ body: (ServiceStack) async throws -> Value
    ) async throws -> Value {
        try await withTemporaryDirectory { try await with($0, settings, body) }
    }

    private static func with<Value>(
        _ directory: String,
        _ settings: [String: String],
        _ body: (ServiceStack) async throws -> Value
    ) async throws -> Value {
        var values = [
            "DATA_DIR": directory, "BUS_TOKEN": token, "JWT_SECRET_KEY": secret, "GATEWAY_PORT": "0",
            "CONVERSATION_PORT": "0", "INFERENCE_PORT": "0", "MEDIA_PORT": "0", "TRANSCRIPTION_PORT": "0",
            "DEFAULT_MODEL": "demo/demo",
        ].merging(settings) { $1 }
        let media = try await MediaService.unit(settings: Settings(values: values))
        let transcription = try await TranscriptionService.unit(settings: Settings(values: values))
        // Many tests make one answer after another fail.
        let inference = try await InferenceService.unit(
            settings: Settings(values: values),
            demoPace: .milliseconds(15),
            opensCircuits: false
        )
        return try await withRunning(media) { mediaPort in
            try await withRunning(transcription) { transcriptionPort in
                try await withRunning(inference) { inferencePort in
                    values["INFERENCE_URL"] = settings["INFERENCE_URL"] ?? "http://127.0.0.1:\(inferencePort)"
                    let conversation = try await ConversationService.unit(settings: Settings(values: values))
                    return try await withRunning(conversation) { conversationPort in
                        values["CONVERSATION_URL"] = "http://127.0.0.1:\(conversationPort)"
                        values["MEDIA_URL"] = "http://127.0.0.1:\(mediaPort)"
                        values["TRANSCRIPTION_URL"] = "http://127.0.0.1:\(transcriptionPort)"
                        let gateway = try await GatewayService.unit(settings: Settings(values: values))
                        let tables = [gateway, conversation, inference, media, transcription].map(\.table)
                        return try await withRunning(gateway) { port in
                            try await body(
                                ServiceStack(
                                    gateway: port,
                                    conversation: conversationPort,
                                    inference: inferencePort,
                                    media: mediaPort,
                                    transcription: transcriptionPort,
                                    tables: tables
                                )
                            )
                        }
                    }
                }
            }
        }
    }
}
