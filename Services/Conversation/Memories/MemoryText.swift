import Contracts

/// The valid text of a memory.
struct MemoryText: Sendable, Hashable {
    /// Without white space at its ends.
    let text: String

    /// Throws `invalid`, with the name of the text's member, for an empty or too long text and one with U+0000.
    init(_ text: String, name: String = "text") throws(Fault) {
        let trimmed = text.trimmedWhitespace
        guard !trimmed.isEmpty, trimmed.utf8.count <= Memory.maxBytes else {
            throw Fault(
                .invalid,
                "`\(name)` must have 1 to \(Memory.maxBytes) bytes, without counting white space at its ends."
            )
        }
        guard !trimmed.utf8.contains(0) else {
            throw Fault(.invalid, "`\(name)` must not contain the character U+0000.")
        }
        self.text = String(trimmed)
    }

    /// The form in which texts are compared: two memories with the same form are the same fact.
    ///
    /// Ignores case, Unicode normalization and the kind and number of white space characters.
    var comparisonForm: String { Self.comparisonForm(of: text) }

    static func comparisonForm(of text: String) -> String {
        FoldedText.fold(text).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// Whether a stored text is the same fact.
    func isSame(as stored: String) -> Bool {
        comparisonForm.utf8.elementsEqual(Self.comparisonForm(of: stored).utf8)
    }

    /// A hash of ``comparisonForm``, by which the same fact is found.
    var digest: Int64 { FoldedText.hash(comparisonForm.utf8) }
}

extension StringProtocol {
    /// The text without white space at its ends.
    var trimmedWhitespace: SubSequence {
        let start = firstIndex { !$0.isWhitespace } ?? endIndex
        let end = lastIndex { !$0.isWhitespace }.map { index(after: $0) } ?? start
        return self[start..<end]
    }
}
