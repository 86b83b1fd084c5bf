import Contracts
import ContractsJSON
import JSON

/// Encodes the values of v1, with members in documented order.
extension JSONWriter {
    /// Writes a message; `context` is what the model saw of the conversation, if known.
    mutating func message(_ message: Message, context: Run.ContextReport? = nil) {
        object { json in
            json.field("id", message.id.description)
            json.field("role", message.role.rawValue)
            json.field("content", message.content.text)
            json.field("message_type", message.content.kind.rawValue)
            json.array("media_urls", message.content.mediaURLs) { $0.text($1) }
            json.field("audio_url", message.content.audioURL)
            json.field("audio_duration_seconds", message.content.audioSeconds)
            json.field("token_count", message.tokenCount)
            json.field("created_at", V1Timestamp.text(message.createdAt))
            json.field("status", message.status.rawValue)
            json.field("is_read", message.isRead ?? (message.role != .assistant))
            json.field("run_id", message.run?.description)
            json.field("parent_id", message.parent?.description)
            json.field("sibling_index", message.branch?.index ?? 0)
            json.field("sibling_count", message.branch?.count ?? 1)
            if let name = message.name { json.field("name", name) }
            if let calls = message.toolCalls { json.array("tool_calls", calls) { $1.write(to: &$0) } }
            if let call = message.toolCallID { json.field("tool_call_id", call) }
            if let context { json.context(context) }
        }
    }

    mutating func message(_ name: StaticString, _ message: Message?, context: Run.ContextReport? = nil) {
        guard let message else { return null(name) }
        value(name) { $0.message(message, context: context) }
    }

    mutating func influencer(_ persona: Persona) {
        object { $0.publicMembers(persona) }
    }

    /// Writes an influencer as an admin sees it.
    mutating func influencer(_ inspected: Personas.Inspected) {
        object { json in
            json.publicMembers(inspected.persona)
            json.field("status", inspected.persona.status.rawValue)
            json.field("system_instructions", inspected.instructions)
            json.field("personality_traits", inspected.traits)
            json.array("tools", inspected.persona.tools) { $0.text($1) }
        }
    }

    private mutating func publicMembers(_ persona: Persona) {
        influencerFields(persona)
        field("category", persona.category)
        field("created_at", V1Timestamp.text(persona.createdAt))
        field("conversation_count", persona.conversationCount)
        field("is_active", persona.status.activity)
        array("suggested_messages", persona.suggestedMessages) { $0.text($1) }
        field("initial_greeting", persona.greeting)
    }

    mutating func conversation(_ conversation: Conversation) {
        object { json in
            json.field("id", conversation.id.description)
            json.field("user_id", conversation.user)
            json.object("influencer") { json in
                json.influencerFields(conversation.persona)
                json.field("category", conversation.persona.category)
                json.field("is_active", conversation.persona.status.activity)
                json.array("suggested_messages", conversation.persona.suggestedMessages) { $0.text($1) }
            }
            json.field("created_at", V1Timestamp.text(conversation.createdAt))
            json.field("updated_at", V1Timestamp.text(conversation.updatedAt))
            json.field("message_count", conversation.messageCount)
            json.lastMessage(conversation.recentMessages.first(where: \.isTalk))
            json.field("unread_count", conversation.unreadCount ?? 0)
            json.field("last_read_at", conversation.readAt.map(V1Timestamp.text))
            json.array("recent_messages", conversation.recentMessages) { $0.message($1) }
        }
    }

    mutating func run(_ run: Run) {
        object { json in
            json.field("id", run.id.description)
            json.field("conversation_id", run.conversation.description)
            json.field("status", run.status.rawValue)
            json.field("model", run.model)
            json.field("user_message_id", run.userMessage.description)
            json.field("assistant_message_id", run.assistantMessage?.description)
            json.field("last_event", run.lastEvent)
            json.usage(run.usage)
            if let reason = run.finishReason { json.field("finish_reason", reason.rawValue) }
            json.error(run.fault.map { RunFault($0, run.status) })
            json.objects("attempts", run.attempts ?? []) { json, attempt in
                json.field("model", attempt.model)
                json.field("outcome", attempt.outcome.rawValue)
                json.field("error", attempt.code.map(V1ErrorCode.name))
                json.field("status", attempt.status)
                json.field("milliseconds", attempt.milliseconds)
            }
            json.field("created_at", V1Timestamp.text(run.createdAt))
            json.field("ended_at", run.endedAt.map(V1Timestamp.text))
        }
    }

    mutating func end(_ end: Run.End) {
        message("assistant_message", end.assistantMessage, context: end.context)
        field("status", end.status.rawValue)
        field("model", end.model)
        usage(end.usage)
        if let reason = end.finishReason { field("finish_reason", reason.rawValue) }
        if let context = end.context { self.context(context) }
        guard let timing = end.timing else { return }
        object("timing") { json in
            json.field("queue", timing.queue)
            json.field("first_token", timing.firstToken)
            json.field("upstream", timing.upstream)
            json.field("total", timing.total)
        }
    }

    private mutating func context(_ context: Run.ContextReport) {
        object("context") { json in
            json.field("messages_used", context.messagesUsed)
            json.field("messages_left_out", context.messagesLeftOut)
            json.field("tokens_estimated", context.tokensEstimated)
            json.field("window", context.window)
            if let memories = context.memories {
                json.objects("memories", memories) { json, memory in
                    json.field("id", memory.id.description)
                    json.field("text", memory.text)
                }
            }
        }
    }

    private mutating func influencerFields(_ persona: Persona) {
        field("id", persona.id.description)
        field("name", persona.name)
        field("display_name", persona.displayName)
        field("avatar_url", persona.avatarURL)
        field("description", persona.description)
    }

    private mutating func lastMessage(_ message: Message?) {
        guard let message else { return null("last_message") }
        object("last_message") { json in
            json.field("content", message.content.text)
            json.field("role", message.role.rawValue)
            json.field("created_at", V1Timestamp.text(message.createdAt))
        }
    }

    private mutating func usage(_ usage: Usage?) {
        guard let usage else { return null("usage") }
        object("usage") { json in
            json.field("prompt_tokens", usage.promptTokens)
            json.field("completion_tokens", usage.completionTokens)
            json.field("total_tokens", usage.promptTokens &+ usage.completionTokens)
            json.field("estimated", usage.isEstimated)
            if let cost = usage.cost { json.field("cost_micros", cost) }
        }
    }

    private mutating func error(_ fault: RunFault?) {
        guard let fault else { return null("error") }
        object("error") { $0.members(ofFault: fault) }
    }

    mutating func members(ofFault runFault: RunFault) {
        field("code", V1ErrorCode.name(runFault.fault.code))
        field("message", runFault.fault.message)
        field("retryable", runFault.isRetryable)
    }
}

extension Persona.Status {
    /// The value of `is_active`: a persona that is not listed answers as an active one.
    fileprivate var activity: String { self == .unlisted ? Persona.Status.active.rawValue : rawValue }
}
