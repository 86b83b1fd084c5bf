import Contracts

/// One text to embed, or its tokens in the vocabulary `cl100k_base`.
enum EmbeddingItem: Sendable, Hashable {
    case text(String)
    case tokens([Int])

    /// The size in a request, in bytes; a number has up to six digits and a comma.
    var byteCount: Int {
        switch self {
        case .text(let text): text.utf8.count
        case .tokens(let numbers): 7 * numbers.count
        }
    }

    /// The number of tokens, estimated for a text.
    var tokenCount: Int {
        switch self {
        case .text(let text): TokenEstimate.tokens(in: text)
        case .tokens(let numbers): numbers.count
        }
    }
}

extension Inference.Embed {
    /// What is to be embedded, in order.
    var items: [EmbeddingItem] { tokens?.map { .tokens($0) } ?? input.map { .text($0) } }
}
