/// The endpoints of inference-svc for generation and embeddings.
package enum Inference {
    /// Generates an answer to a conversation and streams it.
    ///
    /// The stream starts at once with events that contain only ``Event/progress``, also as a sign of life every few seconds,
    /// until the model's first output, after retries and fallbacks. A complete stream ends with exactly one
    /// ``Event/finish``. Faults with the codes `cut` and `timeout` mean that the
    /// outcome is unknown. Closing the stream closes the provider's connection immediately.
    package struct Generate: StreamingEndpoint {
        package static let path = "/inference/generate"
        package static let isIdempotent = true
        package typealias Element = Event
        /// `provider/model` or a model name (default: the default model).
        package var model: String?
        package var messages: [Message]
        package var options: Options
        /// The tools that the model can call, in OpenAI's format: an array of `{"type":"function","function":…}`.
        package var tools: RawJSON?
        /// `"auto"`, `"none"`, `"required"`, or `{"type":"function","function":{"name":…}}`.
        package var toolChoice: RawJSON?
        /// `{"type":"text"}`, `{"type":"json_object"}`, or `{"type":"json_schema","json_schema":…}`.
        package var responseFormat: RawJSON?
        /// How long text is collected into one event after the first one, in milliseconds (default: not at all).
        package var gatherMilliseconds: Int?
        /// Requests of one session, such as a conversation, go to the same target while it is healthy (default: none).
        package var session: String?

        package init(
            model: String?,
            messages: [Message],
            options: Options = Options(),
            tools: RawJSON? = nil,
            toolChoice: RawJSON? = nil,
            responseFormat: RawJSON? = nil,
            gatherMilliseconds: Int? = nil,
            session: String? = nil
        ) {
            self.model = model
            self.messages = messages
            self.options = options
            self.tools = tools
            self.toolChoice = toolChoice
            self.responseFormat = responseFormat
            self.gatherMilliseconds = gatherMilliseconds
            self.session = session
        }
    }

    /// Generates an answer to a conversation and returns it as a whole.
    package struct Complete: Endpoint {
        package static let path = "/inference/complete"
        package static let isIdempotent = true
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

    /// Computes embeddings of texts.
    ///
    /// Throws `missing`, `invalid`, `unavailable`.
    package struct Embed: Endpoint {
        package static let path = "/inference/embed"
        package static let isIdempotent = true
        package typealias Response = Embeddings
        /// `provider/model` or a model name (default: the built-in model).
        package var model: String?
        package var input: [String]
        /// Texts as numbers of tokens in the vocabulary `cl100k_base`, in place of ``input``.
        package var tokens: [[Int]]?
        /// Number of dimensions of each vector (default: the model's).
        package var dimensions: Int?

        package init(model: String?, input: [String], tokens: [[Int]]? = nil, dimensions: Int? = nil) {
            self.model = model
            self.input = input
            self.tokens = tokens
            self.dimensions = dimensions
        }
    }

    /// Embeddings, in the order of the texts.
    package struct Embeddings: Codable, Sendable, Hashable {
        /// `provider/model`.
        package var model: String
        /// Each vector as base64 of 32-bit floating-point numbers, little-endian.
        package var vectors: [String]
        package var promptTokens: Int
        /// Whether the number of tokens is estimated, not reported by the provider.
        package var isEstimated: Bool

        package init(model: String, vectors: [String], promptTokens: Int, isEstimated: Bool) {
            self.model = model
            self.vectors = vectors
            self.promptTokens = promptTokens
            self.isEstimated = isEstimated
        }
    }
}
