import JSON
import NIOCore

/// What `:batchEmbedContents` asks and answers, as far as we read it.
struct GeminiEmbeddings: Decodable {
    /// How many texts one request may hold.
    static let batchLimit = 100

    var embeddings: [Entry]?
    var usageMetadata: Usage?

    struct Entry: Decodable {
        var values: [Float]
    }

    struct Usage: Decodable {
        var promptTokenCount: Int?
    }

    /// The request for some texts.
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
