import Contracts
import NIOCore

/// The tool that the demo model calls for a message, and the arguments that it knows.
struct DemoToolCall {
    let tool: DemoTool
    let message: DemoMessage
    /// Texts for parameters by name; other arguments are generated from the message.
    private(set) var texts: [String: String] = [:]

    /// The call that the last message asks for; `nil` if it asks for none.
    init?(wantedBy messages: [Inference.Message], _ tools: [DemoTool]) {
        let message = DemoMessage(messages.last?.text ?? "")
        if let call = DemoToolCall(memory: message, messages, tools) {
            self = call
            return
        }
        let isSmallTalk = DemoIntent(message).isSmallTalk
        // The memory tools are called for a request to remember or recall, and not for similar words.
        let candidates = tools.filter { !$0.isMemoryTool || $0.isNamed(in: message) }
        guard let best = Self.best(of: candidates, for: message), best.score > 0,
            !isSmallTalk || best.tool.isNamed(in: message)
        else { return nil }
        self.init(tool: best.tool, message: message)
        // A place without coordinates is unknown here.
        guard !tool.hasParameter("latitude") || message.numbers.count >= 2 else { return nil }
        addTexts(messages)
    }

    /// The call of one of these tools, which the caller requires; `nil` if there are none.
    init?(_ tools: [DemoTool], _ messages: [Inference.Message]) {
        let message = DemoMessage(messages.last { $0.role == .user }?.text ?? "")
        if let call = DemoToolCall(memory: message, messages, tools) {
            self = call
            return
        }
        guard let best = Self.best(of: tools, for: message) else { return nil }
        self.init(tool: best.tool, message: message)
        addTexts(messages)
    }

    private init(tool: DemoTool, message: DemoMessage) {
        self.tool = tool
        self.message = message
    }

    /// The call of a memory tool that the message asks for.
    private init?(memory message: DemoMessage, _ messages: [Inference.Message], _ tools: [DemoTool]) {
        guard let request = DemoMemoryRequest(message) else { return nil }
        // A name that was told in this conversation needs no memory.
        if case .find = request, DemoIntent(message) == .ownName, DemoReply(messages: messages).userName != nil {
            return nil
        }
        let (name, value) = request.argument
        guard let tool = tools.first(where: { $0.name == request.tool && $0.hasParameter(name) }) else { return nil }
        self.init(tool: tool, message: message)
        texts = [name: value]
    }

    /// Adds the texts that are not a part of the message.
    private mutating func addTexts(_ messages: [Inference.Message]) {
        if tool.hasParameter("latitude"), message.numbers.count >= 2 {
            texts = ["latitude": message.numbers[0], "longitude": message.numbers[1]]
        } else if DemoIntent(message) == .joke {
            texts = ["text": DemoReply(messages: messages).joke]
        } else if let query = message.searchQuery {
            texts = ["query": query]
        }
    }

    /// The tool with the highest score; the first one of several.
    private static func best(of tools: [DemoTool], for message: DemoMessage) -> (tool: DemoTool, score: Int)? {
        let query = DemoTool.Query(message)
        var best: (tool: DemoTool, score: Int)?
        for tool in tools {
            let score = tool.score(query)
            if score > best?.score ?? -1 { best = (tool, score) }
        }
        return best
    }
}

extension DemoTool {
    /// Whether this is one of the memory tools of ``DemoMemoryRequest``.
    fileprivate var isMemoryTool: Bool { ["create_memory", "recall_memory"].contains(name) }

    /// Whether the message contains the name of the tool.
    fileprivate func isNamed(in message: DemoMessage) -> Bool {
        !name.isEmpty && message.text.lowercased().contains(bytes: name.lowercased())
    }

    /// Whether the parameters may contain a member of this name: its quoted name occurs in the schema.
    fileprivate func hasParameter(_ name: String) -> Bool {
        String(buffer: parameters).contains(bytes: "\"\(name)\"")
    }
}

extension DemoMessage {
    /// The decimal numbers of the message, as written.
    fileprivate var numbers: [String] {
        text.split { !($0.isASCII && ($0.isNumber || $0 == "." || $0 == "-")) }
            .map { String($0).trimmingEnd(of: ".-") }.filter { Double($0) != nil }
    }

    /// The words after `search the web for` and similar openings.
    fileprivate var searchQuery: String? {
        for opening in ["search the web for", "search the internet for", "search online for", "search for", "look up"] {
            if let words = words(after: opening), !words.isEmpty { return words.joined(separator: " ") }
        }
        return nil
    }
}
