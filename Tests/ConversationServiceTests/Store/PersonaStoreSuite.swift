import Contracts
import Testing

@testable import ConversationService

/// What every ``PersonaStore`` must do; each case needs a new store.
enum PersonaStoreSuite: String, CaseIterable {
    case `active personas are listed newest first, in pages`
    case `installing again stores nothing`
    case `an inactive persona is found but not listed, an unknown one is not found`

    func check(_ store: any PersonaStore) async throws {
        let all = BuiltInPersonas.listed
        try await store.installPersonas(BuiltInPersonas.all)
        switch self {
        case .`active personas are listed newest first, in pages`:
            let page = try await store.listPersonas(limit: 3, offset: 2)
            #expect(page.total == all.count)
            #expect(page.items == all.map(\.persona)[2..<5].map(\.self))
        case .`installing again stores nothing`:
            var renamed = all
            renamed[0].persona.displayName = "Another"
            try await store.installPersonas(renamed)
            #expect(try await store.listPersonas(limit: 100, offset: 0).items == all.map(\.persona))
        case .`an inactive persona is found but not listed, an unknown one is not found`:
            let assistant = BuiltInPersonas.assistant.persona
            let found = try #require(try await store.findPersona(assistant.id))
            #expect(found.name == assistant.name)
            #expect(found.conversationCount == 0)
            #expect(try await store.findPersona(Persona.ID()) == nil)
        }
    }
}
