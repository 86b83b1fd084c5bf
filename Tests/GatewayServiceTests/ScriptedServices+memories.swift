import Bus
import Contracts

extension ScriptedServices {
    /// Serves the endpoints of memories, each with the same memory.
    func serveMemories(in table: inout EndpointTable) {
        serve(Memories.List.self, in: &table) { _ in Page(items: [Sample.memory], total: 1) }
        serve(Memories.Search.self, in: &table) { _ in [Sample.memory] }
        serve(Memories.Find.self, in: &table) { _ in Sample.memory }
        serve(Memories.Create.self, in: &table) { _ in Memories.Created(memory: Sample.memory, isNew: true) }
        serve(Memories.Change.self, in: &table) { _ in Sample.memory }
        serve(Memories.Delete.self, in: &table) { _ in Memories.Deleted(count: 1) }
        serve(Memories.Clear.self, in: &table) { _ in Memories.Deleted(count: 3) }
    }
}

extension Sample {
    static let memory = Memory(
        id: id("0192f0c1-7b5a-7c3e-9f00-000000000051"),
        text: "Prefers tea to coffee.",
        source: .tool,
        conversation: conversation.id,
        message: question.id,
        createdAt: moment,
        updatedAt: moment
    )
}
