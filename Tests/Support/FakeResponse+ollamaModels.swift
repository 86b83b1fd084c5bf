import Foundation

/// The responses of Ollama about models, and while it pulls and creates them.
extension FakeResponse {
    /// A layer of a pulled model.
    package struct Layer: Sendable {
        package var digest: String
        package var total: Int
        /// The completed bytes in each line; omitted on the wire while 0.
        package var steps: [Int]

        package init(_ digest: String, total: Int, steps: [Int]) {
            self.digest = digest
            self.total = total
            self.steps = steps
        }
    }

    /// The lines of a pull, optionally without the final success.
    package static func pullLines(_ layers: [Layer], succeeds: Bool = true) -> [String] {
        var lines = [#"{"status":"pulling manifest"}"#]
        for layer in layers {
            let short = layer.digest.dropFirst("sha256:".count).prefix(12)
            for step in layer.steps {
                let completed = step > 0 ? ",\"completed\":\(step)" : ""
                lines.append(
                    "{\"status\":\"pulling \(short)\",\"digest\":\"\(layer.digest)\",\"total\":\(layer.total)\(completed)}"
                )
            }
        }
        guard succeeds else { return lines }
        return lines
            + [
                #"{"status":"verifying sha256 digest"}"#, #"{"status":"writing manifest"}"#,
                #"{"status":"removing unused layers"}"#, #"{"status":"success"}"#,
            ]
    }

    /// Two layers, the second without a line of progress.
    package static let layers = [
        Layer(
            "sha256:dde5aa3fc5ffc17176b5e8bdc82f587b24b2678c6c66101bf7da77af9f7ccdff",
            total: 2000,
            steps: [0, 500, 2000]
        ),
        Layer("sha256:966de95ca8a62200913e3f8bfbf84c8494536f1b94b49166851e76644e966396", total: 30, steps: [30]),
    ]

    /// A complete pull.
    package static func pull(_ layers: [Layer] = layers) -> FakeResponse {
        chat(lines: pullLines(layers))
    }

    /// A complete creation.
    package static var creation: FakeResponse {
        chat(lines: [
            #"{"status":"using existing layer sha256:dde5aa3fc5ffc17176b5e8bdc82f587b24b2678c6c66101bf7da77af9f7ccdff"}"#,
            #"{"status":"creating new layer sha256:1f2e8a4b6c3d5e7f90a1b2c3d4e5f60718293a4b5c6d7e8f9012345678abcdef"}"#,
            #"{"status":"writing manifest"}"#, #"{"status":"success"}"#,
        ])
    }

    /// The response to `POST /api/embed`.
    package static func embeddings(
        _ vectors: [[Double]],
        model: String = "nomic-embed-text",
        promptTokens: Int? = 7
    ) -> FakeResponse {
        let lists = vectors.map { "[\($0.map { "\($0)" }.joined(separator: ","))]" }
        let count = promptTokens.map { ",\"prompt_eval_count\":\($0)" } ?? ""
        return json(
            200,
            "{\"model\":\(quoted(model)),\"embeddings\":[\(lists.joined(separator: ","))],"
                + "\"total_duration\":14143917,\"load_duration\":1019500\(count)}"
        )
    }

    /// The empty response to `DELETE /api/delete`.
    package static var deleted: FakeResponse {
        FakeResponse(head: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", body: "".utf8)
    }

    /// The response to `GET /api/tags`, with the capabilities of each model.
    package static func tags(_ models: [(name: String, capabilities: [String])]) -> FakeResponse {
        let entries = models.map { tag($0.name, capabilities: $0.capabilities) }
        return json(200, "{\"models\":[\(entries.joined(separator: ","))]}")
    }

    /// The response to `POST /api/show` for a model with that context length.
    package static func show(
        window: Int,
        capabilities: [String] = ["completion", "tools"],
        system: String? = nil
    ) -> FakeResponse {
        let words = capabilities.map(quoted).joined(separator: ",")
        return json(
            200,
            """
            {"modelfile":"FROM x","parameters":"stop                           \\"<|eot_id|>\\"",\
            "template":"{{ .Prompt }}",\(system.map { "\"system\":\(quoted($0))," } ?? "")\
            "details":{"parent_model":"","format":"gguf","family":"llama","families":["llama"],\
            "parameter_size":"3.2B","quantization_level":"Q4_K_M"},"model_info":{"general.architecture":"llama",\
            "general.parameter_count":3212749888,"llama.context_length":\(window),"tokenizer.ggml.tokens":null},\
            "capabilities":[\(words)],"modified_at":"2026-11-01T10:00:00Z"}
            """
        )
    }

    /// An entry of the list of models.
    static func tag(_ name: String, capabilities: [String]?) -> String {
        let words = capabilities.map { ",\"capabilities\":[\($0.map(quoted).joined(separator: ","))]" } ?? ""
        return """
            {"name":\(quoted(name)),"model":\(quoted(name)),"modified_at":"2026-11-01T10:00:00Z","size":2019393189,\
            "digest":"a80c4f17acd55265feec403c7aef86be0c25983ab279d83f3bcd3abbcb5b8b72","details":{"parent_model":"",\
            "format":"gguf","family":"llama","families":["llama"],"parameter_size":"3.2B","quantization_level":"Q4_K_M"}\
            \(words)}
            """
    }
}
