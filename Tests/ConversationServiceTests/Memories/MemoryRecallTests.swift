import Bus
import Contracts
import TestSupport
import Testing

@testable import ConversationService

/// Memories in the prompts of turns.
@Suite(.timeLimit(.minutes(5)))
struct MemoryRecallTests {
    private func ask(
        _ text: String,
        in conversation: Conversation,
        _ testbed: TurnTestbed,
        options: Run.Options? = nil
    ) async throws -> Run.End {
        try await testbed.start(text, in: conversation, options: options).end()
    }

    private func system(_ testbed: TurnTestbed) throws -> String {
        try #require(testbed.inference.requests.last?.messages.first?.text)
    }

    @Test func `related memories are in the prompt and in the end of the run`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                let store = testbed.store.base
                let conversation = try await store.openConversation()
                let dog = try await store.add("My dog is called \"Rex\"")
                for text in ["I drink tea", "the weather is nice"] { try await store.add(text) }
                try await store.add("The dog of bob", of: "bob")
                testbed.memories.search.embeddings?.start()
                try await eventually("The embeddings") {
                    let unembedded = try await store.memoriesToEmbed(by: nil, limit: 10)
                    return unembedded.isEmpty
                }
                for question in ["How is my puppy?", "What is the dog called?"] {
                    let end = try await ask(question, in: conversation, testbed)
                    #expect(end.context?.memories == [Memory.Excerpt(id: dog.id, text: dog.text)])
                    #expect(try system(testbed).hasSuffix("\n[\"My dog is called \\\"Rex\\\"\"]"))
                    #expect(try !system(testbed).contains("bob"))
                    // The user's message is stored as it was sent.
                    #expect(testbed.inference.requests.last?.messages.last?.text == question)
                }
                let lines = try await testbed.lines(
                    of: testbed.find(testbed.lastRun(of: conversation), of: conversation).id,
                    in: conversation
                )
                let replayed = try BusCoding.decode(Run.Event.self, from: try #require(lines.last))
                #expect(replayed.end?.context?.memories?.map(\.text) == [dog.text])
                #expect(try await testbed.messages(of: conversation).allSatisfy { $0.role != .system })
            }
        }
    }

    @Test func `a user without memories causes no call and no read`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                let conversation = try await testbed.store.base.openConversation()
                try await testbed.store.base.add("I have a dog", of: "bob")
                let before = testbed.inference.embeddings.inputs.flatMap(\.self)
                #expect(!before.contains("My dog?"))
                #expect(!testbed.memories.search.store.mayHaveMemories("alice"))
                let end = try await ask("My dog?", in: conversation, testbed)
                #expect(end.status == .completed)
                #expect(end.context?.memories == nil)
                #expect(!testbed.inference.embeddings.inputs.flatMap(\.self).contains("My dog?"))
            }
        }
    }

    @Test func `a search that fails or hangs does not hold up the turn`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory, isComplete: false) { testbed in
                let conversation = try await testbed.store.base.openConversation()
                try await testbed.store.base.add("I have a dog")
                testbed.inference.embeddings.hang()
                #expect(try await ask("My dog?", in: conversation, testbed).context?.memories?.count == 1)
                #expect(try await ask("My puppy?", in: conversation, testbed).context?.memories == nil)
                testbed.inference.embeddings.fail(Fault(.unavailable, "No."))
                #expect(try await ask("My dog?", in: conversation, testbed).context?.memories?.count == 1)
            }
        }
    }

    @Test func `only what the message is about is recalled, in bounds`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory, isComplete: false) { testbed in
                let conversation = try await testbed.store.base.openConversation()
                for number in 0..<20 { try await testbed.store.base.add("The user has a heron \(number)") }
                testbed.inference.embeddings.fail(Fault(.unavailable, "No."))
                #expect(try await ask("What does the user have?", in: conversation, testbed).context?.memories == nil)
                let all = try await ask("herons? heron!", in: conversation, testbed).context?.memories
                #expect(all?.count == MemoryRecall.countLimit)
                let long = String(repeating: "x ", count: 200_000)
                #expect(try await ask(long, in: conversation, testbed).status == .completed)
                testbed.inference.play([.text("a"), .finish], window: 512)
                let recall = Run.Options(model: "small")
                testbed.inference.addModel(Model(name: "small", window: 512, price: nil))
                #expect(try await ask("heron", in: conversation, testbed, options: recall).context?.memories == nil)
            }
        }
    }

    @Test func `a model that has the tool recalls by itself`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory, isComplete: false) { testbed in
                let store = testbed.store.base
                try await store.add("I have a dog")
                let run = try await store.startTurn("My dog?", in: try await store.openConversation())
                let turn = LiveTurn(.init(run: run.run, question: run.question), user: "alice")
                let options = TurnMemories.Options(
                    search: testbed.memories.search,
                    isRecalled: true,
                    isExtracted: false,
                    timeLimit: .seconds(5)
                )
                let memories = TurnMemories(options, testbed.turns.backgroundRuns)
                let (with, without) = (["weather", "recall_memory"], ["weather"])
                #expect(await memories.memories(for: turn, of: "alice", tools: with).isEmpty)
                #expect(await memories.memories(for: turn, of: "alice", tools: without).count == 1)
                #expect(memories.tokenLimit(for: "alice") == MemoryPrompt.tokenLimit)
                #expect(memories.tokenLimit(for: "bob") == 0)
                #expect(memories.services.isEmpty)
            }
        }
    }

    @Test func `imported conversations and transcripts get no memories`() throws {
        var recalled = RecalledConversation(
            conversation: StoredConversation(
                id: Conversation.ID(),
                user: "alice",
                persona: BuiltInPersonas.assistant.persona.id,
                createdAt: .now(),
                updatedAt: .now(),
                messageCount: 0,
                hasInstructions: false
            ),
            persona: BuiltInPersonas.assistant,
            history: RecalledHistory(messages: [], olderCount: 0, pathVersion: 1),
            queued: []
        )
        #expect(TurnMemories.apply(to: recalled))
        recalled.persona.promptForm = .transcript
        #expect(!TurnMemories.apply(to: recalled))
        recalled.persona.promptForm = .messages
        recalled.conversation.hasInstructions = true
        #expect(!TurnMemories.apply(to: recalled))
    }
}

extension TurnTestbed {
    fileprivate func lastRun(of conversation: Conversation) async throws -> Run.ID {
        try #require(try await messages(of: conversation).last?.run)
    }
}
