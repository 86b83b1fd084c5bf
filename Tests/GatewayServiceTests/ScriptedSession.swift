import Bus
import Contracts
import Synchronization

/// A fake conversation with the persona of a surface: it is opened and found by id, and its messages are read in pages.
final class ScriptedSession: Sendable {
    private struct State {
        var messages: [Message] = []
        var pageSize = 200
        /// Number of pages that are read before reading fails.
        var pages = Int.max
        var opened: [(user: String, request: Conversations.Open)] = []
    }

    let conversation: Conversation
    /// The conversations that are found.
    private let conversations: [Conversation]
    private let state = Mutex(State())

    init(_ persona: Persona.ID, user: String = "alice") {
        conversation = Self.conversation(Sample.conversation.id, persona, user)
        conversations = [conversation]
    }

    /// A conversation for each of these examples in the documentation.
    init(examples: [(id: String, persona: Persona.ID)]) {
        conversations = examples.map { Self.conversation(Sample.id($0.id), $0.persona, "alice") }
        conversation = conversations[0]
    }

    private static func conversation(_ id: Conversation.ID, _ persona: Persona.ID, _ user: String) -> Conversation {
        var conversation = Sample.conversation
        conversation.id = id
        conversation.persona.id = persona
        conversation.user = user
        return conversation
    }

    /// The users that opened a conversation, with their requests.
    var opened: [(user: String, request: Conversations.Open)] { state.withLock { $0.opened } }

    /// Sets the messages, and how they are read.
    func store(_ messages: [Message], pageSize: Int = 200, failingAfter pages: Int = .max) {
        state.withLock { ($0.messages, $0.pageSize, $0.pages) = (messages, pageSize, pages) }
    }

    func serve(in table: inout EndpointTable) {
        table.serve(Conversations.Open.self) { request, context in
            let user = try context.requirePrincipal().user
            self.state.withLock { $0.opened.append((user, request)) }
            var conversation = self.conversation
            conversation.user = user
            return Conversations.Opened(conversation: conversation, isNew: true)
        }
        table.serve(Conversations.Find.self) { request, context in
            guard let found = self.conversations.first(where: { $0.id == request.id }) else {
                throw Fault(.missing, "Conversation not found")
            }
            guard context.principal == nil || context.principal?.user == found.user else {
                throw Fault(.forbidden, "Not your conversation")
            }
            return found
        }
        table.serve(Conversations.SystemPrompt.self) { _, context in
            _ = try context.requirePrincipal()
            return Conversations.Prompt(text: "You are \"scripted\".\n")
        }
        table.serve(Messages.List.self) { request, context in
            _ = try context.requirePrincipal()
            return try self.page(request)
        }
        table.serve(Conversations.List.self) { request, context in
            let user = try context.requirePrincipal().user
            guard request.order == .creation else { return Page(items: [self.conversation], total: 1) }
            // Two pages of one session each.
            var conversation = self.conversation
            conversation.user = user
            return Page(items: [conversation], total: 2, next: request.cursor == nil ? "second" : nil)
        }
    }

    private func page(_ request: Messages.List) throws -> Page<Message> {
        try state.withLock { state in
            guard state.pages > 0 else { throw Fault(.unavailable, "The page cannot be read.") }
            state.pages -= 1
            let start = state.messages.firstIndex { $0.id == request.after }.map { $0 + 1 } ?? 0
            let page = Array(state.messages[start...].prefix(min(state.pageSize, request.limit)))
            let hasMore = start + page.count < state.messages.count
            return Page(items: page, total: state.messages.count, next: hasMore ? page.last?.id.description : nil)
        }
    }
}

extension Sample {
    /// A message with a new id.
    static func said(_ role: Message.Role, _ text: String, run: Run.ID? = Sample.run.id) -> Message {
        Message(
            id: Message.ID(),
            role: role,
            content: Message.Content(text: text),
            status: .completed,
            parent: nil,
            run: run,
            tokenCount: 3,
            createdAt: moment
        )
    }

    /// An assistant message that calls tools: a name and arguments for each.
    static func called(_ text: String = "", _ calls: (name: String, arguments: String)...) -> Message {
        var message = said(.assistant, text)
        message.toolCalls = calls.enumerated().map { index, call in
            Inference.ToolCall(id: "call_\(index)", name: call.name, arguments: call.arguments)
        }
        return message
    }

    /// The result of a call.
    static func result(_ text: String, of name: String, _ id: String? = "call_0") -> Message {
        var message = said(.tool, text)
        (message.name, message.toolCallID) = (name, id)
        return message
    }

    /// The events of a turn: the question, then one event for each argument, then the end.
    static func turn(_ events: [Run.Event], end: Run.End = Sample.end) -> [Run.Event] {
        let all = [Run.Event(number: 1, userMessage: question)] + events + [Run.Event(number: 0, end: end)]
        return all.enumerated().map { index, event in
            var event = event
            event.number = index + 1
            return event
        }
    }

    /// The end of a turn that failed.
    static func failure(_ fault: Fault, text: String? = nil) -> Run.End {
        var end = Sample.end
        end.status = .failed
        end.fault = fault
        end.assistantMessage = text.map { said(.assistant, $0) }
        return end
    }
}
