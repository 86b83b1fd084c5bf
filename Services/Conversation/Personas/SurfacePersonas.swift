import Contracts

/// The personas of surfaces; they are not listed.
enum SurfacePersonas {
    static let all = [continuation, functionAgent, sitcomTrivia, chat]

    /// Continues a transcript: the persona of seed 000.
    private static let continuation: StoredPersona = {
        var stored = BuiltInPersonas.persona(
            101,
            "continuation",
            "Continuation",
            "assistant",
            "💬",
            "a model that continues a transcript.",
            "Continue the conversation like a human",
            [:],
            "",
            [],
            status: .unlisted
        )
        stored.promptForm = .transcript
        return stored
    }()

    /// Answers what is asked: the persona of seed 001.
    private static let chat = BuiltInPersonas.persona(
        104,
        "chat",
        "Assistant",
        "assistant",
        "💬",
        "a model without a character of its own.",
        "You answer what is asked.",
        [:],
        "",
        [],
        status: .unlisted
    )
}
