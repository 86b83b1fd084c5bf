import Foundation
import ServiceKit

/// The settings of embeddings.
///
/// | setting | type | default | range |
/// |---|---|---|---|
/// | `EMBEDDING_CACHE_MB` | megabytes | `64` | 0 (no cache) to 65536 |
/// | `TOKEN_VOCABULARY` | path of a file with the vocabulary `cl100k_base` | none | |
struct EmbeddingConfiguration: Sendable {
    /// Maximum size of the cache of vectors, in bytes.
    var cacheBytes = 64 << 20
    /// The vocabulary for texts that clients send as numbers of tokens.
    var vocabulary: TokenVocabulary?

    init() {}

    /// Throws an `InvalidSetting` that names the invalid value.
    init(settings: Settings) throws {
        cacheBytes = try settings.integer("EMBEDDING_CACHE_MB", default: 64, in: 0...65_536) << 20
        guard let path = settings.string("TOKEN_VOCABULARY") else { return }
        do {
            vocabulary = try TokenVocabulary(try Data(contentsOf: URL(filePath: path)))
        } catch let invalid as TokenVocabulary.Invalid {
            throw InvalidSetting(
                "TOKEN_VOCABULARY names \(path), which is not the vocabulary cl100k_base in tiktoken's format: "
                    + "\(invalid.reason)."
            )
        } catch {
            throw InvalidSetting("TOKEN_VOCABULARY names \(path), which cannot be read: \(error.localizedDescription)")
        }
    }
}
