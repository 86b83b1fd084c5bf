/// Cleans the text of a model that continues a transcript, as it arrives: removes the label `AI:` and white space at the
/// beginning, white space at the end, and everything from an invented next line of the user on.
///
/// In a fenced block, such a line is text like any other.
struct TranscriptAnswer {
    private enum Position {
        /// Before the first character of the answer; the label may still come.
        case start
        /// After the label.
        case afterLabel
        /// In a line, with the number of backticks that it begins with; `nil` once something else was found.
        case line(backticks: Int?)
        /// At the beginning of a line that so far equals the user's label, up to this many bytes.
        case label(Int)
    }

    private static let userLabel = Array(Transcript.userLabel.utf8)
    private static let answerLabel = Array(Transcript.answerLabel.utf8)
    /// Maximum size of white space that is held back, in bytes.
    private static let spaceLimit = 4096

    private var position = Position.start
    /// White space, and the beginning of a label, that may turn out not to be part of the answer.
    private var held: [UInt8] = []
    private var isFenced = false
    /// Whether the user's next line was found: the rest is not part of the answer.
    private(set) var isEnded = false

    /// Returns what of the answer is known to be part of it after a piece of the model's text.
    mutating func append(_ piece: String) -> String {
        var text: [UInt8] = []
        for byte in piece.utf8 where !isEnded { take(byte, &text) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Returns the rest of the answer after the last piece.
    mutating func finish() -> String {
        guard !isEnded else { return "" }
        isEnded = true
        // White space at the end is not part of the answer.
        let end = held.lastIndex { !Self.isSpace($0) }
        guard let end else { return "" }
        return String(decoding: held[...end], as: UTF8.self)
    }

    private mutating func take(_ byte: UInt8, _ text: inout [UInt8]) {
        switch position {
        case .start: takeStart(byte, &text)
        case .afterLabel where Self.isSpace(byte): break
        case .afterLabel: takeInLine(byte, backticks: 0, &text)
        case .line(let backticks): takeInLine(byte, backticks: backticks, &text)
        case .label(let count): takeLabel(byte, count, &text)
        }
    }

    private mutating func takeStart(_ byte: UInt8, _ text: inout [UInt8]) {
        if held.isEmpty, Self.isSpace(byte) { return }
        if byte == Self.answerLabel[held.count] {
            held.append(byte)
            guard held.count == Self.answerLabel.count else { return }
            held = []
            position = .afterLabel
            return
        }
        // No label: what was held back for it is the beginning of the answer.
        let beginning = held
        held = []
        position = .line(backticks: 0)
        for byte in beginning + [byte] { take(byte, &text) }
    }

    private mutating func takeInLine(_ byte: UInt8, backticks: Int?, _ text: inout [UInt8]) {
        if byte == UInt8(ascii: "\n") {
            hold(byte, &text)
            position = isFenced ? .line(backticks: 0) : .label(0)
        } else if Self.isSpace(byte) {
            hold(byte, &text)
            position = .line(backticks: backticks == 0 ? 0 : nil)
        } else {
            text += held
            held = []
            text.append(byte)
            guard byte == UInt8(ascii: "`"), let backticks else {
                position = .line(backticks: nil)
                return
            }
            if backticks == 2 { isFenced.toggle() }
            position = .line(backticks: backticks == 2 ? nil : backticks + 1)
        }
    }

    private mutating func takeLabel(_ byte: UInt8, _ count: Int, _ text: inout [UInt8]) {
        guard byte == Self.userLabel[count] else {
            // No label: what was held back for it is part of the line.
            if count > 0 {
                text += held
                held = []
            }
            return takeInLine(byte, backticks: count > 0 ? nil : 0, &text)
        }
        held.append(byte)
        position = .label(count + 1)
        guard count + 1 == Self.userLabel.count else { return }
        held = []
        isEnded = true
    }

    private mutating func hold(_ byte: UInt8, _ text: inout [UInt8]) {
        held.append(byte)
        guard held.count > Self.spaceLimit else { return }
        text += held
        held = []
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte)
    }
}
