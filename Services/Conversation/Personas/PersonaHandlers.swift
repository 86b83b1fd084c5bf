import Bus
import Contracts
import Logging

/// Handles the endpoints for personas, and installs the built-in ones.
struct PersonaHandlers: Sendable {
    let store: any PersonaStore
    let revision: PersonaRevision
    var tools = ToolRegistry([])
    var now: @Sendable () -> Timestamp = { .now() }

    /// Stores the built-in personas that the database does not contain yet.
    ///
    /// Existing ones are not changed: an admin may have changed them.
    func install() async throws {
        try await store.installPersonas(BuiltInPersonas.all)
    }

    func list(_ request: Personas.List) async throws -> Page<Persona> {
        try await store.listPersonas(limit: request.limit, offset: request.offset)
    }

    func find(_ request: Personas.Find) async throws -> Persona {
        try await stored(request.id).persona
    }

    func inspect(_ request: Personas.Inspect, _ context: CallContext) async throws -> Personas.Inspected {
        _ = try Self.requireAdmin(context)
        return try await stored(request.id).inspected
    }

    func create(_ request: Personas.Create, _ context: CallContext) async throws -> Personas.Inspected {
        let admin = try Self.requireAdmin(context)
        try checkTools(request.profile)
        let new = NewPersona(
            stored: try PersonaProfile.persona(request.profile, at: now()),
            profile: request.profile,
            sender: admin.user,
            key: request.key
        )
        let created = try await store.createPersona(new).get()
        Self.log("Persona created", created, by: admin)
        return created.inspected
    }

    func change(_ request: Personas.Change, _ context: CallContext) async throws -> Personas.Inspected {
        let admin = try Self.requireAdmin(context)
        try checkTools(request.profile)
        // A failed write may have been stored.
        defer { revision.advance() }
        let changed = try await store.changePersona(request.id, request.profile, at: now()).get()
        Self.log("Persona changed", changed, by: admin)
        return changed.inspected
    }

    private func checkTools(_ profile: Personas.Profile) throws(Fault) {
        guard let names = profile.tools, let unknown = names.first(where: { !tools.knows($0) }) else { return }
        throw Fault(
            .invalid,
            "`tools`: there is no tool `\(unknown.prefix(64))`. Known tools: \(tools.knownNames.joined(separator: ", "))."
        )
    }

    private func stored(_ id: Persona.ID) async throws -> StoredPersona {
        guard let stored = try await store.findPersona(id) else { throw Fault.missingPersona }
        return stored
    }

    private static func requireAdmin(_ context: CallContext) throws -> Principal {
        let principal = try context.requirePrincipal()
        guard principal.role == .admin else { throw Fault(.forbidden, "This needs the role admin.") }
        return principal
    }

    private static func log(_ message: Logger.Message, _ stored: StoredPersona, by admin: Principal) {
        Logger.current.notice(
            message,
            metadata: [
                "persona.id": "\(stored.persona.id)", "persona.name": "\(stored.persona.name)",
                "persona.status": "\(stored.persona.status.rawValue)", "principal.user": "\(admin.user)",
            ]
        )
    }
}

extension Fault {
    static let missingPersona = Fault(.missing, "Influencer not found")
}
