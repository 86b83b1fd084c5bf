import Contracts

/// A built-in text embedding that counts words and trigrams by their hashes.
///
/// Texts that share words get similar vectors. The meaning of words is not considered.
struct HashEmbedding {
    /// The model's name without the provider.
    static let model = "hash-embedding"
    /// Default number of dimensions.
    static let defaultDimensions = 384
    /// Permitted numbers of dimensions.
    static let allowedDimensions = 16...4096

    private let dimensions: Int

    /// Throws `invalid` for a number of dimensions that is not permitted.
    init(dimensions: Int?) throws(Fault) {
        let dimensions = dimensions ?? Self.defaultDimensions
        guard Self.allowedDimensions.contains(dimensions) else {
            let (least, most) = (Self.allowedDimensions.lowerBound, Self.allowedDimensions.upperBound)
            throw Fault(.invalid, "dimensions is \(dimensions); demo/\(Self.model) supports \(least) to \(most).")
        }
        self.dimensions = dimensions
    }

    /// Returns a vector of length 1: the first unit vector for a text without words.
    func vector(of text: String) -> [Float] {
        var counts = [Float](repeating: 0, count: dimensions)
        for word in text.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
            add(Array(word.utf8), weight: 1, to: &counts)
            // Trigrams make `run` and `running` similar.
            let letters = Array("<\(word)>")
            guard letters.count > 3 else { continue }
            for start in 0...(letters.count - 3) {
                add(Array(String(letters[start..<(start + 3)]).utf8), weight: 0.35, to: &counts)
            }
        }
        // The square root reduces the weight of frequent words.
        let damped = counts.map { $0 < 0 ? -(-$0).squareRoot() : $0.squareRoot() }
        let length = damped.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length > 0 else { return [1] + [Float](repeating: 0, count: dimensions - 1) }
        return damped.map { $0 / length }
    }

    /// Adds to or subtracts from one dimension; the hash decides both, so that collisions cancel out on average.
    private func add(_ bytes: [UInt8], weight: Float, to counts: inout [Float]) {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash ^= hash >> 32
        counts[Int(hash % UInt64(dimensions))] += hash & 1 << 40 == 0 ? weight : -weight
    }
}
