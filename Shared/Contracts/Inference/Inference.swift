/// What inference-svc answers about generation and embeddings.
package enum Inference {
    /// Lets a model go on with a conversation.
    ///
    /// The answer begins with the model's first sign, so that a provider that cannot answer is still a fault: retries
    /// and fallbacks lie behind it. A stream that completed holds exactly one ``Event/finish``, last. A fault with code
    /// `cut` or `timeout` is no verdict of the provider; other faults are. Leaving the stream closes the provider's
    /// connection at once.
    package struct Generate: StreamingEndpoint {
        package static let path = "/inference/generate"
        package typealias Element = Event
        /// `provider/model` or a bare name; absent for the default.
        package var model: String?
        package var messages: [Message]
        package var options: Options
        /// The tools that the model may call, as OpenAI writes them: an array of `{"type":"function","function":…}`.
        package var tools: RawJSON?
        /// `"auto"`, `"none"`, `"required"`, or `{"type":"function","function":{"name":…}}`.
        package var toolChoice: RawJSON?
        /// `{"type":"text"}`, `{"type":"json_object"}`, or `{"type":"json_schema","json_schema":…}`.
        package var responseFormat: RawJSON?
        /// For how many milliseconds text may gather into one event, after the first; absent: it goes on as it comes.
        package var gatherMilliseconds: Int?

        package init(
            model: String?,
            messages: [Message],
            options: Options = Options(),
            tools: RawJSON? = nil,
            toolChoice: RawJSON? = nil,
            responseFormat: RawJSON? = nil,
            gatherMilliseconds: Int? = nil
        ) {
            self.model = model
            self.messages = messages
            self.options = options
            self.tools = tools
            self.toolChoice = toolChoice
            self.responseFormat = responseFormat
            self.gatherMilliseconds = gatherMilliseconds
        }
    }

    /// Lets a model answer a conversation, for somebody who waits for the whole answer.
    package struct Complete: Endpoint {
        package static let path = "/inference/complete"
        package typealias Response = Answer
        package var generate: Generate

        package init(_ generate: Generate) {
            self.generate = generate
        }

        package init(from decoder: any Decoder) throws {
            generate = try Generate(from: decoder)
        }

        package func encode(to encoder: any Encoder) throws {
            try generate.encode(to: encoder)
        }
    }

    /// Turns texts into vectors.
    ///
    /// Throws `missing`, `invalid`, `unavailable`.
    package struct Embed: Endpoint {
        package static let path = "/inference/embed"
        package typealias Response = Embeddings
        /// `provider/model` or a bare name; absent for the embedded one.
        package var model: String?
        package var input: [String]
        /// How long each vector should be; absent: as the model makes it.
        package var dimensions: Int?

        package init(model: String?, input: [String], dimensions: Int? = nil) {
            self.model = model
            self.input = input
            self.dimensions = dimensions
        }
    }

    /// Vectors of texts, in the order of the texts.
    package struct Embeddings: Codable, Sendable, Hashable {
        /// `provider/model`.
        package var model: String
        /// Each vector as base64 of its numbers, 32-bit floating-point, little-endian.
        package var vectors: [String]
        package var promptTokens: Int
        /// Whether the number of tokens is ours and not the provider's.
        package var isEstimated: Bool

        package init(model: String, vectors: [String], promptTokens: Int, isEstimated: Bool) {
            self.model = model
            self.vectors = vectors
            self.promptTokens = promptTokens
            self.isEstimated = isEstimated
        }
    }
}
