/// A value with a handwritten decoder, for speed.
///
/// Accepts the format that ``JSONWritable`` writes, with members in any order. For anything else use `Codable`, which
/// accepts more and describes errors.
package protocol JSONReadable {
    /// Reads the value; throws ``JSONScanner/Malformed`` for an unexpected format.
    init(from json: inout JSONScanner) throws
}
