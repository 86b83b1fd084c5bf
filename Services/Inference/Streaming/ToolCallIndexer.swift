import Contracts

/// Assigns consecutive indexes to tool calls, regardless of the provider's numbering: a value without side effects.
///
/// Providers omit the index, use one index for several calls, or repeat the identifier in each piece. A piece belongs to
/// the call with its index, unless its identifier differs; without an index, to the call with its identifier or the last.
struct ToolCallIndexer: Sendable {
    private struct Slot {
        var index: Int?
        var id: String?
        var hasName = false
    }

    private var slots: [Slot] = []

    var isEmpty: Bool { slots.isEmpty }

    /// Converts a piece of a call: assigns the index, and an identifier if there is none.
    mutating func piece(
        index: Int?,
        id: String?,
        name: String?,
        arguments: String?,
        metadata: RawJSON? = nil
    ) -> Inference.ToolCallDelta {
        let id = id.flatMap { $0.isEmpty ? nil : $0 }
        let name = name.flatMap { $0.isEmpty ? nil : $0 }
        var piece = Inference.ToolCallDelta(index: 0, arguments: arguments, metadata: metadata)
        if let place = place(index: index, id: id, name: name) {
            piece.index = place
        } else {
            piece.index = slots.count
            piece.id = id ?? Self.newID()
            slots.append(Slot(index: index, id: id))
        }
        if let name, !slots[piece.index].hasName {
            slots[piece.index].hasName = true
            piece.name = name
        }
        return piece
    }

    private func place(index: Int?, id: String?, name: String?) -> Int? {
        if let index {
            guard let place = slots.lastIndex(where: { $0.index == index }) else { return nil }
            return id == nil || slots[place].id == nil || slots[place].id == id ? place : nil
        }
        if let id { return slots.lastIndex { $0.id == id } }
        // A name without index and identifier starts a new call.
        return name == nil || slots.last?.hasName == false ? slots.indices.last : nil
    }

    private static func newID() -> String {
        "call_" + String(UInt64.random(in: .min ... .max), radix: 36)
            + String(UInt64.random(in: .min ... .max), radix: 36)
    }
}
