/// The percent-encoding of names and values in a query.
enum QueryEncoding {
    private static let hexDigits = Array("0123456789ABCDEF".unicodeScalars)
    private static let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)

    /// Encodes everything but letters, digits, `-`, `.`, `_` and `~`, so that a value cannot end where it is put.
    static func encode(_ text: String) -> String {
        var encoded = String.UnicodeScalarView()
        for byte in text.utf8 {
            if plain.contains(byte) {
                encoded.append(Unicode.Scalar(byte))
            } else {
                encoded.append("%")
                encoded.append(hexDigits[Int(byte >> 4)])
                encoded.append(hexDigits[Int(byte & 15)])
            }
        }
        return String(encoded)
    }
}
