import Contracts

/// The embedded embedding, which is honest about what it is.
///
/// It counts the words of a text and the parts of them, each at a place that its hash chooses, so that texts which share
/// words lie close together. It knows nothing of meanings.
struct HashEmbedding {
    /// The model's name, without its provider's.
    static let model = "hash-embedding"
    /// How long a vector is unless another length is asked for.
    static let defaultDimensions = 384
    /// The lengths that may be asked for.
    static let allowedDimensions = 16...4096

    private let dimensions: Int

    /// Throws `invalid` when vectors cannot be so long.
    init(dimensions: Int?) throws(Fault) {
        let dimensions = dimensions ?? Self.defaultDimensions
        guard Self.allowedDimensions.contains(dimensions) else {
            let (least, most) = (Self.allowedDimensions.lowerBound, Self.allowedDimensions.upperBound)
            throw Fault(.invalid, "dimensions is \(dimensions); demo/\(Self.model) makes from \(least) to \(most).")
        }
        self.dimensions = dimensions
    }

    /// A vector of length 1; of a text without any words the first unit vector.
    func vector(of text: String) -> [Float] {
        var counts = [Float](repeating: 0, count: dimensions)
        for word in text.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
            add(Array(word.utf8), weight: 1, to: &counts)
            // Parts of words bring `run` and `running` together.
            let letters = Array("<\(word)>")
            guard letters.count > 3 else { continue }
            for start in 0...(letters.count - 3) {
                add(Array(String(letters[start..<(start + 3)]).utf8), weight: 0.35, to: &counts)
            }
        }
        // What is said often counts for more, but not for as much more as it is said.
        let damped = counts.map { $0 < 0 ? -(-$0).squareRoot() : $0.squareRoot() }
        let length = damped.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length > 0 else { return [1] + [Float](repeating: 0, count: dimensions - 1) }
        return damped.map { $0 / length }
    }

    /// Adds to one place, up or down, both by the hash, so that words which meet at a place do not add up.
    private func add(_ bytes: [UInt8], weight: Float, to counts: inout [Float]) {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash ^= hash >> 32
        counts[Int(hash % UInt64(dimensions))] += hash & 1 << 40 == 0 ? weight : -weight
    }
}
