/// The reason why the content encoding of a body cannot be decoded.
package enum ContentDecodingError: Error, Sendable, Equatable {
    /// The body has an encoding that is not supported; its name, or the names.
    case unsupported(String)
    /// The compressed data is invalid.
    case invalid
    /// The body ends before the compressed data does.
    case truncated
    /// The decoded body is longer than the limit, in bytes.
    case tooLarge(limit: Int)
}
