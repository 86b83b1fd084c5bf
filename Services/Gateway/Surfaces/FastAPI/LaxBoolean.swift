/// The boolean that a value stands for, as pydantic accepts it: `true`, `1`, `1.0`, `"yes"` and others.
///
/// Pure function.
enum LaxBoolean {
    /// Why a value is no boolean.
    enum Failure: Error {
        /// A text or a number that stands for no boolean.
        case unknown
        /// A value of another type.
        case otherType
    }

    static func value(of tree: JSONTree) throws(Failure) -> Bool {
        switch tree {
        case .flag(let flag): return flag
        case .text(let text): return try value(of: text)
        case .number(let text): return try number(text)
        case .null, .array, .object: throw .otherType
        }
    }

    static func value(of text: String) throws(Failure) -> Bool {
        switch text.lowercased() {
        case "1", "true", "t", "yes", "y", "on": return true
        case "0", "false", "f", "no", "n", "off": return false
        default: throw .unknown
        }
    }

    private static func number(_ text: String) throws(Failure) -> Bool {
        if let number = Int(text) {
            guard number == 0 || number == 1 else { throw .unknown }
            return number == 1
        }
        guard let number = Double(text), number == number.rounded(), abs(number) < 0x1p63 else { throw .otherType }
        guard number == 0 || number == 1 else { throw .unknown }
        return number == 1
    }
}
