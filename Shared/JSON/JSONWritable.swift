/// A value with a handwritten encoder, for speed; its output equals that of `Codable`.
package protocol JSONWritable {
    /// Writes the value as one object.
    func write(to json: inout JSONWriter)
}
