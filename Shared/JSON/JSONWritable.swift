/// A value that is written by hand, because it is written with every turn.
///
/// What is written is what `Codable` would write; which of both happened, a reader cannot tell.
package protocol JSONWritable {
    /// Writes the value's one object.
    func write(to json: inout JSONWriter)
}
