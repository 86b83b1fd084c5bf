import Contracts

/// The state of one request for embeddings: its distinct items, and the vectors that are there.
///
/// Items are numbered in the order of their first occurrence.
struct EmbeddingJob: Sendable {
    /// Maximum size of all vectors of an answer, in bytes, somewhat below that of the bus.
    private static let answerLimit = 60 << 20

    /// The key of each distinct item in the cache.
    let keys: [EmbeddingCache.Key]
    let requestedDimensions: Int?
    /// Whether the input has tokens in place of texts.
    let hasTokens: Bool
    private let items: [EmbeddingItem]
    /// The position of each distinct item in the input.
    private let positions: [Int]
    /// The distinct item of each text of the input.
    private let places: [Int]
    private var entries: [EmbeddingCache.Entry?]
    private var fromCache: [Bool]

    /// Hashes the items; runs on worker threads.
    init(items: [EmbeddingItem], dimensions: Int?, target: String) {
        var known: [EmbeddingCache.Key: Int] = [:]
        var (keys, distinct, positions): ([EmbeddingCache.Key], [EmbeddingItem], [Int]) = ([], [], [])
        places = items.enumerated().map { position, item in
            let key = EmbeddingCache.Key(target: target, dimensions: dimensions, item: item)
            if let place = known[key] { return place }
            known[key] = distinct.count
            keys.append(key)
            distinct.append(item)
            positions.append(position)
            return distinct.count - 1
        }
        self.keys = keys
        self.items = distinct
        self.positions = positions
        requestedDimensions = dimensions
        hasTokens = items.contains { if case .tokens = $0 { true } else { false } }
        entries = Array(repeating: nil, count: distinct.count)
        fromCache = Array(repeating: false, count: distinct.count)
    }

    func item(_ index: Int) -> EmbeddingItem { items[index] }

    /// The position of an item in the input.
    func position(of index: Int) -> Int { positions[index] }

    /// The items without a vector.
    var missing: [Int] { entries.indices.filter { entries[$0] == nil } }

    /// The number of dimensions, if it is known.
    var dimensions: Int? { requestedDimensions ?? entries.lazy.compactMap { $0?.dimensions }.first }

    /// Whether vectors of the cache have another number of dimensions than new ones.
    var hasOutdatedEntries: Bool {
        let new = Set(zip(entries, fromCache).compactMap { $1 ? nil : $0?.dimensions })
        return !new.isEmpty && zip(entries, fromCache).contains { $1 && !new.contains($0?.dimensions ?? 0) }
    }

    /// Takes what the cache has.
    mutating func take(_ cached: [EmbeddingCache.Entry?]) {
        for (index, entry) in cached.enumerated() where entry != nil {
            entries[index] = entry
            fromCache[index] = true
        }
    }

    /// Takes the answer to a batch; each text gets a share of its tokens in proportion to its size.
    mutating func take(_ answer: EmbeddingAnswer, for batch: [Int]) throws {
        let weights = batch.map { max(1, items[$0].tokenCount) }
        let whole = weights.reduce(0, +)
        let reported = answer.promptTokens
        var rest = reported ?? whole
        var weightLeft = whole
        for (offset, index) in batch.enumerated() {
            // What rounding leaves goes to the last texts, so that the shares add up to the reported number.
            let share = offset == batch.count - 1 ? rest : rest * weights[offset] / weightLeft
            rest -= share
            weightLeft -= weights[offset]
            entries[index] = EmbeddingCache.Entry(
                vector: answer.vectors[offset],
                dimensions: answer.dimensions,
                tokens: share,
                isEstimated: reported == nil
            )
        }
    }

    /// Throws `too_large` if the vectors of all texts will not fit into one answer of inference-svc.
    ///
    /// The number of dimensions is known after the first batch; the others need not be paid for.
    func checkSize() throws(Fault) {
        guard let dimensions, dimensions * 6 * places.count > Self.answerLimit else { return }
        throw Fault(
            .tooLarge,
            "input has too many texts: \(places.count) vectors with \(dimensions) dimensions are more than an answer can "
                + "contain. Send at most \(Self.answerLimit / (6 * dimensions)) texts at once."
        )
    }

    /// The entries of a batch with their keys.
    func entries(of batch: [Int]) -> [(EmbeddingCache.Entry, EmbeddingCache.Key)] {
        batch.compactMap { index in entries[index].map { ($0, keys[index]) } }
    }

    /// Forgets all vectors.
    mutating func clear() {
        entries = Array(repeating: nil, count: items.count)
        fromCache = Array(repeating: false, count: items.count)
    }

    /// The fault for a text that is too long, with its position.
    func tooLong(_ fault: Fault, _ batch: [Int]) -> Fault {
        guard let index = batch.first else { return fault }
        var longer = Fault(.contextTooLong, "input[\(positions[index])] is too long for the model. \(fault.message)")
        longer.attempts = fault.attempts
        return longer
    }

    /// The result; a text that occurs more than once is counted each time, whether it was sent or not.
    ///
    /// Throws `provider` if batches have vectors of different lengths.
    func embeddings(model: String) throws(Fault) -> Inference.Embeddings {
        let all = places.compactMap { entries[$0] }
        let lengths = Set(all.map(\.dimensions))
        guard all.count == places.count, lengths.count == 1 else {
            let text = lengths.sorted().map(String.init).joined(separator: " and ")
            throw Fault(.provider, "\(model) sent vectors with different numbers of dimensions: \(text). Try again.")
        }
        return Inference.Embeddings(
            model: model,
            vectors: all.map(\.vector),
            promptTokens: all.reduce(0) { $0 + $1.tokens },
            isEstimated: all.contains(where: \.isEstimated)
        )
    }
}
