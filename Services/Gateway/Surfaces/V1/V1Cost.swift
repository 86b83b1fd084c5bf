/// Converts costs between millionths, as stored, and decimal amounts, as v1 writes them.
enum V1Cost {
    static func amount(_ millionths: Int) -> Double {
        Double(millionths) / 1_000_000
    }

    /// Returns an amount in millionths; `nil` if it is out of range.
    static func millionths(_ amount: Double) -> Int? {
        let millionths = (amount * 1_000_000).rounded()
        guard (0...1e12).contains(millionths) else { return nil }
        return Int(exactly: millionths)
    }
}
