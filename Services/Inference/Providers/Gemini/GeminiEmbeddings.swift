import JSON
import NIOCore

/// The request and the used part of the response of `:batchEmbedContents`.
struct GeminiEmbeddings: Decodable {
    /// Maximum number of texts in a request.
    static let batchLimit = 100

    var embeddings: [Entry]?
    var usageMetadata: Usage?

    struct Entry: Decodable {
        var values: [Float]
    }

    struct Usage: Decodable {
        var promptTokenCount: Int?
    }

    /// The body of the request.
    static func body(resource: String, texts: [String], dimensions: Int?) -> ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            json.array("requests", texts) { json, text in
                json.object { json in
                    json.field("model", resource)
                    json.object("content") { json in
                        json.array("parts", [text]) { json, text in json.object { $0.field("text", text) } }
                    }
                    if let dimensions { json.field("outputDimensionality", dimensions) }
                }
            }
        }
        return json.buffer
    }
}
