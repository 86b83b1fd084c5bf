/// The sizes of the batches in which texts are sent: as many as the provider and the limit of an answer permit.
///
/// Pure.
enum EmbeddingBatches {
    /// Maximum size of an answer, in bytes, somewhat below that of ``ProviderClient``.
    private static let answerLimit = 28 << 20
    /// Maximum size of the texts of one request, in bytes.
    private static let requestLimit = 8 << 20
    /// The number of dimensions before the first answer, unless the request sets it: more than nearly every model has.
    private static let usualDimensions = 4096

    /// The number of items at the beginning of `items` that fit into one request, at least one.
    static func size(of items: some Collection<EmbeddingItem>, _ limits: EmbeddingLimits, dimensions: Int?) -> Int {
        let vectorSize = limits.bytesPerNumber * max(1, dimensions ?? usualDimensions)
        let most = min(limits.texts, max(1, answerLimit / vectorSize))
        var (count, bytes, tokens) = (0, 0, 0)
        for item in items.prefix(most) {
            bytes += item.byteCount
            tokens += item.tokenCount
            guard count == 0 || bytes <= requestLimit && tokens <= limits.tokens else { break }
            count += 1
        }
        return max(1, count)
    }
}
