/// A value that is read by hand, because it is read with every turn.
///
/// Reading takes the one form that ``JSONWritable`` writes, members in any order; whatever else there is, is left to
/// `Codable`, which takes more and can say what is wrong.
package protocol JSONReadable {
    /// Reads the value's one object.
    ///
    /// Throws ``JSONScanner/Malformed`` at anything unexpected.
    init(from json: inout JSONScanner) throws
}
