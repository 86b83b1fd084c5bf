import Contracts

/// Makes the tool calls of an answer fit to be stored: every provider accepts them when they are sent back to it.
///
/// Pure functions.
enum ToolCallNormalization {
    /// Maximum number of calls of one answer; further ones are dropped.
    static let callLimit = 64
    /// Maximum length of an identifier; OpenAI rejects a longer one.
    private static let idLimit = 40
    /// Maximum length of a name; OpenAI and Gemini reject a longer one.
    private static let nameLimit = 64
    /// Stands for a name without a usable character.
    private static let unknownName = "unknown"

    /// A call that can be stored.
    struct Call: Sendable, Equatable {
        var call: Inference.ToolCall
        /// Why the call cannot be run; `nil` if its form is valid.
        var defect: Defect?
    }

    /// Why a call cannot be run.
    enum Defect: Sendable, Equatable {
        /// The name or the arguments are invalid.
        case invalid
        /// The answer ended within the arguments.
        case cut
        case tooLarge
    }

    /// Returns the calls of an answer in order, with unique identifiers, valid names, and an object as arguments.
    ///
    /// `reason` is why the answer ended: after `length`, the last call may be incomplete.
    static func calls(_ calls: [Inference.ToolCall], endedBy reason: Inference.Finish.Reason?) -> [Call] {
        let calls = calls.prefix(callLimit)
        let ids = uniqueIDs(calls.map(\.id))
        let isCut = reason == .length || reason == .contentFilter
        return calls.enumerated().map { index, call in
            let mayBeIncomplete = isCut && index == calls.count - 1
            return normalized(call, id: ids[index], mayBeIncomplete: mayBeIncomplete)
        }
    }

    private static func normalized(_ call: Inference.ToolCall, id: String, mayBeIncomplete: Bool) -> Call {
        let name = validName(call.function.name)
        let arguments = NormalizedArguments(call.function.arguments)
        var defect: Defect?
        switch arguments.form {
        case .object: defect = nil
        case .missing: defect = mayBeIncomplete ? .cut : nil
        case .tooLarge: defect = .tooLarge
        case .other: defect = mayBeIncomplete ? .cut : .invalid
        }
        if !name.isUnchanged { defect = .invalid }
        let stored = Inference.ToolCall(id: id, name: name.text, arguments: arguments.json, metadata: call.metadata)
        return Call(call: stored, defect: defect)
    }

    /// Replaces missing, repeated and invalid identifiers.
    private static func uniqueIDs(_ ids: [String]) -> [String] {
        var taken: Set<String> = []
        // The first call with a valid identifier keeps it.
        let kept = ids.map { isValidID($0) && taken.insert($0).inserted }
        return zip(ids, kept).enumerated().map { index, id in
            if id.1 { return id.0 }
            var number = index
            while !taken.insert("call_\(number)").inserted { number += ids.count }
            return "call_\(number)"
        }
    }

    private static func isValidID(_ id: String) -> Bool {
        (1...idLimit).contains(id.utf8.count) && id.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// Returns the name without surrounding blanks, or another one that providers accept.
    private static func validName(_ name: String) -> (text: String, isUnchanged: Bool) {
        let start = name.utf8.drop { $0 <= 0x20 }
        let end = start.lastIndex { $0 > 0x20 }.map { start.index(after: $0) } ?? start.startIndex
        let trimmed = start[..<end]
        let clean = trimmed.prefix(nameLimit).map { isNameByte($0) ? $0 : UInt8(ascii: "_") }
        var text = String(decoding: clean, as: UTF8.self)
        if text.allSatisfy({ $0 == "_" }) { return (unknownName, false) }
        let isUnchanged = trimmed.elementsEqual(clean)
        guard let first = clean.first, !(0x30...0x39).contains(first), first != UInt8(ascii: "-") else {
            text = String("_\(text)".prefix(nameLimit))
            return (text, false)
        }
        return (text, isUnchanged)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
