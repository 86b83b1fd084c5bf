import Contracts
import Testing

@testable import ConversationService

/// What every ``PersonaStore`` must do; each case needs a new store.
enum PersonaStoreSuite: String, CaseIterable {
    case `active personas are listed newest first, in pages`
    case `installing again stores nothing`
    case `an inactive persona is found but not listed, an unknown one is not found`
    case `a new persona is listed first, and a repeat of its request returns it`
    case `names are unique`
    case `a change is kept when the built-in personas are installed again`
    case `the number of personas is limited`

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
            let found = try #require(try await store.findPersona(assistant.id)?.persona)
            #expect(found.name == assistant.name)
            #expect(found.conversationCount == 0)
            #expect(try await store.findPersona(Persona.ID()) == nil)
        case .`a new persona is listed first, and a repeat of its request returns it`: try await creation(store)
        case .`names are unique`: try await names(store)
        case .`a change is kept when the built-in personas are installed again`: try await changes(store)
        case .`the number of personas is limited`: try await limit(store)
        }
    }

    private func new(_ name: String, key: String? = nil, by sender: String = "root") throws -> NewPersona {
        var profile = Personas.Profile()
        (profile.name, profile.instructions) = (name, "You are \(name).")
        profile.traits = RawJSON(#"{"z":"1","a":["2","3"],"m":0.50}"#)
        let stored = try PersonaProfile.persona(profile, at: Timestamp(microseconds: 1_900_000_000_000_000))
        return NewPersona(stored: stored, profile: profile, sender: sender, key: key)
    }

    private func creation(_ store: any PersonaStore) async throws {
        let first = try new("tea-taster", key: "k")
        let created = try await store.createPersona(first).get()
        #expect(created.traits.text == #"{"z":"1","a":["2","3"],"m":0.50}"#)
        #expect(created.persona.conversationCount == 0)
        #expect(try await store.findPersona(created.persona.id) == created)
        #expect(try await store.listPersonas(limit: 1, offset: 0).items.map(\.id) == [created.persona.id])
        // The same request, which has another id and time.
        let again = try await store.createPersona(new("tea-taster", key: "k")).get()
        #expect(again == created)
        #expect(try await store.createPersona(new("other", key: "k")).fault?.code == .keyReused)
        #expect(
            try await store.createPersona(new("other", key: "k", by: "another admin")).get().persona.name == "other"
        )
    }

    private func names(_ store: any PersonaStore) async throws {
        let created = try await store.createPersona(new("tea-taster")).get()
        #expect(try await store.createPersona(new("tea-taster")).fault?.code == .conflict)
        #expect(try await store.createPersona(new(BuiltInPersonas.assistant.persona.name)).fault?.code == .conflict)
        var profile = Personas.Profile()
        profile.name = "maya-kitchen"
        #expect(try await store.changePersona(created.persona.id, profile, at: .now()).fault?.code == .conflict)
        profile.name = "tea-taster"
        #expect(try await store.changePersona(created.persona.id, profile, at: .now()).get() == created)
        profile.name = "Not a name"
        #expect(try await store.changePersona(created.persona.id, profile, at: .now()).fault?.code == .invalid)
        #expect(try await store.changePersona(Persona.ID(), profile, at: .now()).fault?.code == .missing)
        // A persona that a later version brings, with a name that an admin took.
        var later = BuiltInPersonas.assistant
        (later.persona.id, later.persona.name) = (Persona.ID(), "tea-taster")
        try await store.installPersonas([later])
        let installed = try #require(try await store.findPersona(later.persona.id)?.persona)
        #expect(installed.name == "tea-taster-\(later.persona.id)")
    }

    private func changes(_ store: any PersonaStore) async throws {
        let maya = try #require(BuiltInPersonas.listed.first).persona
        var profile = Personas.Profile()
        profile.displayName = "Maya F."
        profile.instructions = "You are Maya."
        profile.traits = RawJSON("{}")
        profile.tools = ["recall_memory"]
        profile.status = .comingSoon
        let changed = try await store.changePersona(maya.id, profile, at: .now()).get()
        #expect(changed.persona.displayName == "Maya F." && changed.persona.greeting == maya.greeting)
        try await store.installPersonas(BuiltInPersonas.all)
        #expect(try await store.findPersona(maya.id) == changed)
        let listed = try await store.listPersonas(limit: 100, offset: 0)
        #expect(listed.items.first?.status == .comingSoon && listed.total == BuiltInPersonas.listed.count)
        var discontinued = Personas.Profile()
        discontinued.status = .discontinued
        _ = try await store.changePersona(maya.id, discontinued, at: .now()).get()
        try await store.installPersonas(BuiltInPersonas.all)
        #expect(try await store.listPersonas(limit: 100, offset: 0).total == BuiltInPersonas.listed.count - 1)
        #expect(try await store.findPersona(maya.id)?.persona.status == .discontinued)
    }

    private func limit(_ store: any PersonaStore) async throws {
        var personas: [StoredPersona] = []
        for number in BuiltInPersonas.all.count..<1000 { personas.append(try new("p\(number)").stored) }
        try await store.installPersonas(personas)
        #expect(try await store.createPersona(new("one-more")).fault?.code == .conflict)
        #expect(try await store.listPersonas(limit: 100, offset: 900).items.count > 0)
    }
}
