import Contracts

/// What vectors may be asked for.
enum EmbeddingValidator {
    private static let countLimit = 2048
    private static let sizeLimit = 1 << 20

    /// Throws `invalid` with a sentence that says which value is wrong and what is allowed.
    static func check(_ request: Inference.Embed) throws(Fault) {
        guard (1...countLimit).contains(request.input.count) else {
            throw Fault(.invalid, "input holds \(request.input.count) texts; it must hold from 1 to \(countLimit).")
        }
        guard request.input.allSatisfy({ !$0.isEmpty }) else {
            throw Fault(.invalid, "input holds an empty text.")
        }
        guard request.input.reduce(0, { $0 + $1.utf8.count }) <= sizeLimit else {
            throw Fault(.invalid, "The texts in input have more than \(sizeLimit) bytes together.")
        }
        if let dimensions = request.dimensions, !(1...65_536).contains(dimensions) {
            throw Fault(.invalid, "dimensions is \(dimensions); it must be from 1 to 65536.")
        }
    }
}
