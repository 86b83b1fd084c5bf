import Bus
import Contracts

/// All that conversation-svc answers.
struct ConversationEndpoints: Sendable {
    let personas: PersonaCatalogue
    let conversing: Conversing
    let keeping: Keeping
    let running: Running
    let keys: KeyRing
    let quotas: QuotaKeeping
    let accounting: Accounting

    var table: EndpointTable {
        var table = EndpointTable(service: "conversation-svc")
        table.serve(Personas.List.self) { request, _ in try await personas.list(request) }
        table.serve(Personas.Find.self) { request, _ in try await personas.find(request) }
        table.serve(Conversations.Open.self) { request, context in try await conversing.open(request, context) }
        table.serve(Conversations.List.self) { request, context in try await conversing.list(request, context) }
        table.serve(Conversations.Delete.self) { request, context in try await conversing.delete(request, context) }
        table.serve(Conversations.Import.self) { request, context in try await keeping.keep(request, context) }
        table.serve(Conversations.Count.self) { _, _ in try await conversing.count() }
        table.serve(Messages.List.self) { request, context in try await conversing.messages(request, context) }
        table.serve(Messages.Siblings.self) { request, context in try await conversing.siblings(request, context) }
        table.serve(Messages.Select.self) { request, context in try await conversing.select(request, context) }
        table.serve(Runs.Start.self) { request, context in try await running.start(request, context) }
        table.serve(Runs.Complete.self) { request, context in try await running.complete(request, context) }
        table.serve(Runs.Find.self) { request, context in try await running.find(request, context) }
        table.serve(Runs.Follow.self) { request, context in try await running.follow(request, context) }
        table.serve(Runs.Cancel.self) { request, context in try await running.cancel(request, context) }
        table.serve(Keys.Create.self) { request, context in try await keys.create(request, context) }
        table.serve(Keys.List.self) { request, context in try await keys.list(request, context) }
        table.serve(Keys.Change.self) { request, context in try await keys.change(request, context) }
        table.serve(Keys.Revoke.self) { request, context in try await keys.revoke(request, context) }
        table.serve(Keys.Find.self) { request, _ in try await keys.find(request) }
        table.serve(Keys.Check.self) { request, _ in try await keys.check(request) }
        table.serve(Keys.Watch.self) { _, _ in try keys.book.watch() }
        table.serve(Usage.Record.self) { request, _ in try await accounting.record(request) }
        table.serve(Usage.Report.self) { request, context in try await accounting.report(request, context) }
        table.serve(Quotas.Find.self) { request, context in try await quotas.find(request, context) }
        table.serve(Quotas.Set.self) { request, context in try await quotas.set(request, context) }
        table.serve(Quotas.Reserve.self) { request, context in try await quotas.reserve(request, context) }
        table.serve(Quotas.Settle.self) { request, _ in try await quotas.settle(request) }
        return table
    }
}
