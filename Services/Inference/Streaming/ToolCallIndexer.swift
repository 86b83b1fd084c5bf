import Contracts

/// Joins the pieces of tool calls, whatever numbers the provider gives them: a value without side effects.
///
/// Identifiers and names count before indexes, because providers omit the index, repeat it, or count pieces instead of
/// calls:
///
/// - A piece with a new identifier begins a call, even at a used index.
/// - A piece with a name and no identifier begins a call, unless the call at its index is still without a name, or
///   repeats its name before its arguments are complete.
/// - A piece with neither continues the call at its index, if there is one whose arguments are not complete; otherwise
///   the last call.
///
/// A call is held back until its name is known, so that its first piece has an identifier and a name.
struct ToolCallIndexer: Sendable {
    /// A piece of a call, as received; an empty text is no text.
    struct Piece: Sendable {
        var index: Int?
        var id: String?
        var name: String?
        var arguments: String?
        var metadata: RawJSON?
    }

    private struct Call {
        var index: Int?
        /// The provider's identifier.
        var id: String?
        var name: String?
        /// The index of the call in the answer, once its name is known.
        var place: Int?
        /// The arguments that are held back.
        var held = ""
        var metadata: RawJSON?
        var arguments = JSONBalance()
    }

    private var calls: [Call] = []
    private var last: Int?
    private var sentCount = 0
    private var sentIDs: Set<String> = []
    /// The size of the arguments that are held back, in bytes.
    private(set) var heldBytes = 0

    /// Whether no call with a name has arrived.
    var isEmpty: Bool { sentCount == 0 }

    /// The number of calls, with and without names.
    var count: Int { calls.count }

    /// Whether a call waits for its name.
    var hasHeldCalls: Bool { calls.contains { $0.place == nil } }

    /// Adds a piece; returns what is to be passed on, or `nil` if there is nothing yet.
    mutating func add(_ received: Piece) -> Inference.ToolCallDelta? {
        var piece = received
        if piece.id?.isEmpty == true { piece.id = nil }
        if piece.name?.isEmpty == true { piece.name = nil }
        if let number = number(of: piece) {
            last = number
            return extend(number, by: piece)
        }
        calls.append(Call(index: piece.index))
        last = calls.count - 1
        return extend(calls.count - 1, by: piece)
    }

    /// Adds a complete call, which is always a call of its own.
    mutating func whole(
        id: String?,
        name: String,
        arguments: String,
        metadata: RawJSON? = nil
    ) -> Inference.ToolCallDelta {
        let call = Call(id: id, name: name, place: sentCount, metadata: metadata)
        calls.append(call)
        last = calls.count - 1
        return begin(call, arguments: arguments)
    }

    /// The end of the answer: returns the held arguments that belong to earlier calls; drops calls without a name.
    ///
    /// Some servers give each piece of a call an identifier of its own: the call whose arguments are incomplete
    /// continues in those that follow without a name.
    mutating func end() -> [Inference.ToolCallDelta] {
        var pieces: [Inference.ToolCallDelta] = []
        var open: Int?
        for number in calls.indices {
            if calls[number].place != nil {
                open = number
            } else if let open, let place = calls[open].place, calls[open].arguments.hasBegun,
                !calls[open].arguments.isComplete, !calls[number].held.isEmpty
            {
                calls[open].arguments.append(calls[number].held)
                pieces.append(Inference.ToolCallDelta(index: place, arguments: calls[number].held))
            }
        }
        return pieces
    }

    private func number(of piece: Piece) -> Int? {
        if let id = piece.id { return number(ofID: id, piece) }
        if let name = piece.name { return number(ofName: name, piece) }
        guard let last else { return nil }
        guard let same = atIndex(piece.index), same != last else { return last }
        return calls[same].arguments.isComplete ? last : same
    }

    private func number(ofID id: String, _ piece: Piece) -> Int? {
        if let known = calls.lastIndex(where: { $0.id == id }) {
            // Some servers give all calls of an answer one identifier.
            let call = calls[known]
            guard let name = piece.name, let knownName = call.name, call.arguments.isComplete else { return known }
            let isElsewhere = piece.index != nil && call.index != nil && piece.index != call.index
            return name == knownName && !isElsewhere ? known : nil
        }
        // The identifier of a call that began without one.
        guard let number = piece.index == nil ? last : atIndex(piece.index), calls[number].id == nil else { return nil }
        return continues(piece.name, calls[number]) ? number : nil
    }

    private func number(ofName name: String, _ piece: Piece) -> Int? {
        if let same = atIndex(piece.index) { return continues(name, calls[same]) ? same : nil }
        guard let last else { return nil }
        if calls[last].name == nil { return last }
        return piece.index == nil && continues(name, calls[last]) ? last : nil
    }

    /// Whether a piece with a name, or without one, can belong to a call.
    private func continues(_ name: String?, _ call: Call) -> Bool {
        guard let name, let known = call.name else { return !call.arguments.isComplete || call.name == nil }
        return name == known && !call.arguments.isComplete
    }

    private func atIndex(_ index: Int?) -> Int? {
        index.flatMap { index in calls.lastIndex { $0.index == index } }
    }

    private mutating func extend(_ number: Int, by piece: Piece) -> Inference.ToolCallDelta? {
        var call = calls[number]
        call.index = call.index ?? piece.index
        // A complete call that the server repeats.
        let isRepeated = call.arguments.isComplete && piece.name != nil && call.place != nil
        let arguments = isRepeated ? "" : piece.arguments ?? ""
        call.id = call.id ?? piece.id
        call.name = call.name ?? piece.name
        call.arguments.append(arguments)
        let metadata = call.metadata == nil ? piece.metadata : nil
        call.metadata = call.metadata ?? piece.metadata
        defer { calls[number] = call }
        if let place = call.place {
            guard !arguments.isEmpty || metadata != nil else { return nil }
            return Inference.ToolCallDelta(index: place, arguments: arguments, metadata: metadata)
        }
        guard call.name != nil else {
            call.held += arguments
            heldBytes += arguments.utf8.count
            return nil
        }
        let held = call.held
        heldBytes -= held.utf8.count
        call.held = ""
        call.place = sentCount
        return begin(call, arguments: held + arguments)
    }

    /// The first piece of a call.
    private mutating func begin(_ call: Call, arguments: String) -> Inference.ToolCallDelta {
        let id = call.id.flatMap { sentIDs.contains($0) ? nil : $0 } ?? Self.newID()
        sentIDs.insert(id)
        defer { sentCount += 1 }
        return Inference.ToolCallDelta(
            index: sentCount,
            id: id,
            name: call.name,
            arguments: arguments,
            metadata: call.metadata
        )
    }

    private static func newID() -> String {
        "call_" + String(UInt64.random(in: .min ... .max), radix: 36)
            + String(UInt64.random(in: .min ... .max), radix: 36)
    }
}
