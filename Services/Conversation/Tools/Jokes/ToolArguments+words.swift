import Contracts

extension ToolArguments {
    /// Returns a text without the white space around it.
    ///
    /// Throws `invalid` if nothing is left: it would be an empty answer.
    func words(_ name: String) throws -> String {
        let text = (text(name) ?? "").drop(while: \.isWhitespace)
        guard let end = text.lastIndex(where: { !$0.isWhitespace }) else {
            throw Fault(.invalid, "`\(name)` must not be blank.")
        }
        return String(text[...end])
    }
}
