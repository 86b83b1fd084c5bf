import Contracts

/// Values of the scripted services, with fixed identifiers and times, so that responses can be compared as text.
enum Sample {
    static let moment = Timestamp(microseconds: 1_764_054_205_123_456)

    static let persona = Persona(
        id: id("0192f0c1-7b5a-7c3e-9f00-000000000001"),
        name: "maya-kitchen",
        displayName: "Maya \u{1F373}",
        avatarURL: "/avatars/maya.svg",
        description: "Cooks with what is there.",
        category: "cooking",
        greeting: "Hello!",
        suggestedMessages: ["What can I cook?"],
        createdAt: moment,
        conversationCount: 7
    )

    /// The persona as an admin sees it.
    static let inspected: Personas.Inspected = {
        var hidden = Sample.persona
        (hidden.status, hidden.tools) = (.unlisted, ["recall_memory"])
        let traits = RawJSON(#"{"energy_level":"warm","expertise":["spices","bread"],"a":0.50}"#)
        return Personas.Inspected(persona: hidden, instructions: "You are Maya.", traits: traits)
    }()

    static let question = message("0192f0c1-7b5a-7c3e-9f00-000000000011", .user, "Hello \"you\"\n")
    static let answer = message("0192f0c1-7b5a-7c3e-9f00-000000000012", .assistant, "Hi.")
    /// Another answer to the same question.
    static let sibling: Message = {
        var message = Sample.message("0192f0c1-7b5a-7c3e-9f00-000000000013", .assistant, "Hello.")
        message.branch = Message.Branch(index: 1, count: 2)
        return message
    }()

    static let conversation = Conversation(
        id: id("0192f0c1-7b5a-7c3e-9f00-000000000021"),
        user: "alice",
        persona: persona,
        createdAt: moment,
        updatedAt: moment,
        messageCount: 2,
        recentMessages: [answer, question]
    )

    static let run = Run(
        id: id("0192f0c1-7b5a-7c3e-9f00-000000000031"),
        conversation: conversation.id,
        status: .completed,
        model: "demo/demo",
        userMessage: question.id,
        assistantMessage: answer.id,
        lastEvent: 3,
        usage: usage,
        fault: nil,
        createdAt: moment,
        endedAt: moment
    )

    static let key = APIKey(
        id: id("0192f0c1-7b5a-7c3e-9f00-000000000041"),
        name: "laptop",
        user: "alice",
        role: .user,
        limits: APIKey.Limits(requestsPerMinute: 5),
        createdAt: moment
    )

    static let tool = Tools.Description(
        name: "get_weather",
        aliases: ["weather"],
        description: "The weather of a place.",
        parameters: RawJSON(#"{"type":"object","properties":{"place":{"type":"string"}}}"#),
        setting: "WEATHER_URL",
        isAvailable: false
    )

    static let usage = Usage(promptTokens: 12, completionTokens: 3, isEstimated: true)

    static let reported: Usage.Summary = {
        var total = Usage.Total(Usage(promptTokens: 12, completionTokens: 3, isEstimated: false, cost: 1_250_000))
        total += Usage.Total(usage)
        let line = Usage.Line(
            day: Day(moment),
            model: "demo/demo",
            key: key.id,
            keyName: "laptop",
            user: "alice",
            total: total
        )
        return Usage.Summary(lines: [line], total: total)
    }()

    static let end = Run.End(
        status: .completed,
        assistantMessage: answer,
        model: "demo/demo",
        usage: usage,
        context: Run.ContextReport(messagesUsed: 2, messagesLeftOut: 1, tokensEstimated: 40, window: 8192),
        timing: Run.Timing(queue: 0.5, firstToken: 2, upstream: 5, total: 6)
    )

    /// The v1 path of the conversation.
    static let path = "/api/v1/chat/conversations/\(conversation.id)"

    private static func message(_ text: String, _ role: Message.Role, _ content: String) -> Message {
        Message(
            id: id(text),
            role: role,
            content: Message.Content(text: content),
            status: .completed,
            parent: nil,
            run: id("0192f0c1-7b5a-7c3e-9f00-000000000031"),
            tokenCount: 3,
            createdAt: moment
        )
    }

    static func id<Subject>(_ text: String) -> Identifier<Subject> {
        Identifier(text) ?? Identifier()
    }
}
