/// The column `cuts` of a message: the sizes of its events in order, in bytes; `r` marks reasoning.
///
/// For example `12 r40 7`.
enum ChunkColumn {
    /// Returns `nil` if there are no chunks.
    static func text(_ chunks: [RunStep.Chunk]) -> String? {
        guard !chunks.isEmpty else { return nil }
        return chunks.map { ($0.kind == .reasoning ? "r" : "") + String($0.bytes) }.joined(separator: " ")
    }

    static func chunks(_ text: String) throws(StoreError) -> [RunStep.Chunk] {
        var chunks: [RunStep.Chunk] = []
        for part in text.split(separator: " ") {
            let isReasoning = part.first == "r"
            guard let bytes = Int(isReasoning ? part.dropFirst() : part), bytes >= 0 else {
                throw .unreadable("the size of an event is invalid: \(part.prefix(40))")
            }
            chunks.append(RunStep.Chunk(kind: isReasoning ? .reasoning : .text, bytes: bytes))
        }
        return chunks
    }
}
