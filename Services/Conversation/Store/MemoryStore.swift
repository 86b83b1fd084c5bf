import Contracts

/// Stores memories, their words and their embeddings.
///
/// Every verb acts on the memories of one user, which the caller takes from the principal; those of another user are
/// `missing`. Refusals are values, a function throws only if the store fails, and a conformer must pass
/// `MemoryStoreSuite`.
protocol MemoryStore: Sendable {
    /// Whether the user may have memories; `false` is certain.
    ///
    /// Answered from memory without reading the file, because it is asked in every turn.
    func mayHaveMemories(_ user: String) -> Bool

    /// Whether any user may have memories; `false` is certain.
    var mayHaveMemories: Bool { get }

    /// Returns a page of the user's memories, newest first.
    func listMemories(of user: String, limit: Int, offset: Int) async throws -> Page<Memory>

    /// Refusals: `missing`.
    func findMemory(_ id: Memory.ID, of user: String) async throws -> Result<Memory, Fault>

    /// Stores a memory, or returns the one of the user with the same text.
    ///
    /// Refusals: `conflict` if the user has ``Memory/maxCount`` memories, `key_reused`, and `missing` if the memory of a
    /// repeated request was deleted.
    func createMemory(_ new: NewMemory) async throws -> Result<Memories.Created, Fault>

    /// Replaces the text of a memory; its embedding is deleted.
    ///
    /// Refusals: `missing`, and `conflict` if another memory of the user has the same text.
    func changeMemory(
        _ id: Memory.ID,
        to text: MemoryText,
        of user: String,
        at moment: Timestamp
    ) async throws -> Result<Memory, Fault>

    /// Refusals: `missing`.
    func deleteMemory(_ id: Memory.ID, of user: String) async throws -> Result<Void, Fault>

    /// Deletes all memories of the user, at once and in constant time, and returns their number.
    func clearMemories(of user: String) async throws -> Int

    /// Applies all edits, or none of them.
    ///
    /// A text that the user has already is not stored again. Refusals: `missing` if a memory to be replaced or deleted
    /// does not exist, and `conflict` if the user would have too many memories.
    func applyEdits(_ edits: MemoryEdits, to origin: MemoryOrigin) async throws -> Result<MemoryEdits.Applied, Fault>

    /// Finds the memories of the user that match a query by words or by meaning, best first.
    func searchMemories(_ query: MemoryQuery, of user: String) async throws -> [Memory]

    /// Returns up to `limit` memories of all users without an embedding of a model, newest first; without a model, those
    /// without any embedding.
    func memoriesToEmbed(by model: EmbeddingModel?, limit: Int) async throws -> [UnembeddedMemory]

    /// Stores embeddings of a model; a memory that was changed or deleted meanwhile is left out.
    ///
    /// A memory without a vector counts as embedded by the model and is found by its words only.
    func storeEmbeddings(
        _ embeddings: [(memory: UnembeddedMemory, vector: MemoryVector?)],
        of model: EmbeddingModel
    ) async throws

    /// Deletes some rows of cleared memories; returns `false` if there are none.
    func purgeMemories() async throws -> Bool
}
