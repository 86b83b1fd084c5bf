extension LiveConversation {
    /// Returns the system prompt.
    ///
    /// The prompt of an imported conversation may have megabytes, so it is read when needed and not cached.
    func systemText() async throws -> String {
        guard record.hasInstructions else { return try await persona().prompt }
        return try await parts.acceptance.store.instructions(of: record.id) ?? ""
    }

    /// Returns the persona, which is read again after a change of any persona.
    func persona() async throws -> LivePersona {
        let revision = parts.personaRevision.value
        guard knownPersona.revision < revision,
            let stored = try await parts.acceptance.store.recallPersona(record.persona)
        else { return knownPersona }
        let persona = LivePersona(stored, of: record, revision: revision)
        if knownPersona.revision < revision { knownPersona = persona }
        return persona
    }
}
