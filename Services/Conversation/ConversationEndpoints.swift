import Bus
import Contracts

/// The endpoint table of conversation-svc.
struct ConversationEndpoints: Sendable {
    let personas: PersonaHandlers
    let tools: ToolHandlers
    let conversations: ConversationHandlers
    let imports: ImportHandlers
    let runs: RunHandlers
    let keys: KeyHandlers
    let quotas: QuotaHandlers
    let usage: UsageHandlers
    let memories: MemoryHandlers

    var table: EndpointTable {
        var table = EndpointTable(service: "conversation-svc")
        table.serve(Personas.List.self) { request, _ in try await personas.list(request) }
        table.serve(Personas.Find.self) { request, _ in try await personas.find(request) }
        table.serve(Personas.Inspect.self) { request, context in try await personas.inspect(request, context) }
        table.serve(Personas.Create.self) { request, context in try await personas.create(request, context) }
        table.serve(Personas.Change.self) { request, context in try await personas.change(request, context) }
        table.serve(Tools.List.self) { request, context in await tools.list(request, context) }
        table.serve(Conversations.Open.self) { request, context in try await conversations.open(request, context) }
        table.serve(Conversations.Find.self) { request, context in try await conversations.find(request, context) }
        table.serve(Conversations.SystemPrompt.self) { request, context in
            try await conversations.systemPrompt(request, context)
        }
        table.serve(Conversations.List.self) { request, context in try await conversations.list(request, context) }
        table.serve(Conversations.MarkRead.self) { request, context in
            try await conversations.markRead(request, context)
        }
        table.serve(Conversations.Delete.self) { request, context in try await conversations.delete(request, context) }
        table.serve(Conversations.Import.self) { request, context in
            try await imports.importConversation(request, context)
        }
        table.serve(Conversations.Count.self) { _, _ in try await conversations.count() }
        table.serve(Messages.List.self) { request, context in try await conversations.messages(request, context) }
        table.serve(Messages.Siblings.self) { request, context in try await conversations.siblings(request, context) }
        table.serve(Messages.Select.self) { request, context in try await conversations.select(request, context) }
        table.serve(Runs.Start.self) { request, context in try await runs.start(request, context) }
        table.serve(Runs.Complete.self) { request, context in try await runs.complete(request, context) }
        table.serve(Runs.Find.self) { request, context in try await runs.find(request, context) }
        table.serve(Runs.Follow.self) { request, context in try await runs.follow(request, context) }
        table.serve(Runs.Cancel.self) { request, context in try await runs.cancel(request, context) }
        table.serve(Keys.Create.self) { request, context in try await keys.create(request, context) }
        table.serve(Keys.List.self) { request, context in try await keys.list(request, context) }
        table.serve(Keys.Change.self) { request, context in try await keys.change(request, context) }
        table.serve(Keys.Revoke.self) { request, context in try await keys.revoke(request, context) }
        table.serve(Keys.Find.self) { request, _ in try await keys.find(request) }
        table.serve(Keys.Check.self) { request, _ in try await keys.check(request) }
        table.serve(Keys.Watch.self) { _, _ in try keys.accessCache.watch() }
        table.serve(Usage.Record.self) { request, _ in try await usage.record(request) }
        table.serve(Usage.Report.self) { request, context in try await usage.report(request, context) }
        table.serve(Quotas.Find.self) { request, context in try await quotas.find(request, context) }
        table.serve(Quotas.Set.self) { request, context in try await quotas.set(request, context) }
        table.serve(Quotas.Reserve.self) { request, context in try await quotas.reserve(request, context) }
        table.serve(Quotas.Settle.self) { request, _ in try await quotas.settle(request) }
        serveMemories(in: &table)
        return table
    }

    private func serveMemories(in table: inout EndpointTable) {
        table.serve(Memories.List.self) { request, context in try await memories.list(request, context) }
        table.serve(Memories.Find.self) { request, context in try await memories.find(request, context) }
        table.serve(Memories.Create.self) { request, context in try await memories.create(request, context) }
        table.serve(Memories.Change.self) { request, context in try await memories.change(request, context) }
        table.serve(Memories.Delete.self) { request, context in try await memories.delete(request, context) }
        table.serve(Memories.Clear.self) { request, context in try await memories.clear(request, context) }
        table.serve(Memories.Search.self) { request, context in try await memories.find(request, context) }
    }
}
