import Bus
import Contracts
import Foundation
import NIOCore
import TestSupport
import Testing

@testable import ConversationService

/// The tools by which models create and recall memories.
@Suite(.timeLimit(.minutes(5)))
struct MemoryToolTests {
    private struct Tools {
        let registry: ToolRegistry
        let store: SQLiteStore
        let conversation: Conversation

        func call(_ name: String, _ arguments: String, as user: String = "alice") async throws -> String {
            let use = ToolUse(
                user: user,
                conversation: conversation.id,
                run: Run.ID(),
                question: MemoryToolTests.question,
                call: CallContext()
            )
            let call = Inference.ToolCall(id: "1", name: name, arguments: arguments)
            return try await registry.run(call, allowed: ["create_memory", "recall_memory"], use).text
        }
    }

    private static let question = Message.ID()

    private func withTools(_ body: (Tools) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory, isComplete: false) { testbed in
                testbed.inference.embeddings.fail(Fault(.unavailable, "No."))
                let store = testbed.store.base
                let tools = Tools(
                    registry: ToolRegistry(testbed.memories.tools),
                    store: store,
                    conversation: try await store.openConversation()
                )
                try await body(tools)
            }
        }
    }

    @Test func `a memory is created with its provenance and recalled`() async throws {
        try await withTools { tools in
            let text = "The \"secret\" word is gala – 部署\n"
            let json = String(decoding: try JSONEncoder().encode(["memory_text": text]), as: UTF8.self)
            let created = try await tools.call("create_memory", json)
            let memory = try #require(try await tools.store.listMemories(of: "alice", limit: 9, offset: 0).items.first)
            #expect(created == "New memory created and indexed: \(memory.id)")
            #expect(memory.source == .tool)
            #expect(memory.conversation == tools.conversation.id)
            #expect(memory.message == Self.question)
            #expect(try await tools.call("create_memory", json) == "This memory exists already: \(memory.id)")
            let recalled = try await tools.call("recall_memory", #"{"query":"the secret word"}"#)
            #expect(recalled == "[\n  \"The \\\"secret\\\" word is gala – 部署\"\n]")
        }
    }

    @Test func `n_docs limits the memories, best first`() async throws {
        try await withTools { tools in
            for text in ["gala one", "gala two", "gala two three"] {
                _ = try await tools.call("create_memory", "{\"memory_text\":\"\(text)\"}")
            }
            let expected = [
                "": ["gala two three"], ",\"n_docs\":2": ["gala two three", "gala two"],
                ",\"n_docs\":1.9": ["gala two three"],
                ",\"n_docs\":-5": ["gala two three"], ",\"n_docs\":1e300": ["gala two three", "gala two", "gala one"],
            ]
            for (count, texts) in expected {
                let result = try await tools.call("recall_memory", "{\"query\":\"gala two three\"\(count)}")
                #expect(try JSONDecoder().decode([String].self, from: Data(result.utf8)) == texts, "\(count)")
            }
            #expect(try await tools.call("recall_memory", #"{"query":"nothing of it"}"#) == "[]")
            #expect(try await tools.call("recall_memory", #"{"query":"gala"}"#, as: "bob") == "[]")
            #expect(
                try await tools.call("create_memory", #"{"memory_text":"gala one"}"#, as: "bob").hasPrefix("New memory")
            )
        }
    }

    @Test func `an invalid text is refused with its name`() async throws {
        try await withTools { tools in
            for text in ["", " ", "a\\u0000b", String(repeating: "a", count: 4097)] {
                do {
                    let result = try await tools.call("create_memory", "{\"memory_text\":\"\(text)\"}")
                    #expect(result == ToolResult.invalidCall.text, "\(text)")
                } catch let fault as Fault {
                    #expect(fault.message.contains("`memory_text`"))
                }
            }
            let stored = try await tools.store.texts()
            #expect(stored == [])
            await #expect(throws: Fault.self) { try await tools.call("recall_memory", #"{"query":"  "}"#) }
            let invalid = try await tools.call("create_memory", "{}")
            #expect(invalid == ToolResult.invalidCall.text)
        }
    }
}
