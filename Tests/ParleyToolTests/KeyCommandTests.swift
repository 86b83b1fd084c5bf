import ArgumentParser
import Bus
import Contracts
import ConversationService
import ServiceKit
import TestSupport
import Testing

@testable import ParleyTool

/// `parley key` with a running conversation-svc.
@Suite(.timeLimit(.minutes(5)))
struct KeyCommandTests {
    private static let token = "a-secret-of-the-bus-for-the-tests-only"

    @Test func `a key is created, listed and revoked`() async throws {
        try await withTemporaryDirectory { directory in
            var values = ["DATA_DIR": directory, "CONVERSATION_PORT": "0", "BUS_TOKEN": Self.token]
            let unit = try await ConversationService.unit(settings: Settings(values: values))
            try await withRunning(unit) { port in
                values["CONVERSATION_PORT"] = "\(port)"
                let bus = try ConversationClient(settings: Settings(values: values))
                let command = try KeyCreateCommand.parse([
                    "--user", "alice", "--name", "laptop", "--days", "2", "--per-minute", "7",
                ])
                let created = try await bus.call(command.request())
                #expect(created.key.user == "alice")
                #expect(KeySecret(created.secret) != nil)
                let list = try await bus.call(Keys.List(isAll: true, limit: 10, offset: 0))
                #expect(list.items.map(\.id) == [created.key.id])
                let line = KeyListCommand.line(created.key)
                #expect(line.hasPrefix("\(created.key.id)  alice  user  used never  expires 2"))
                #expect(line.hasSuffix("7/minute  laptop"))
                _ = try await bus.call(Keys.Revoke(key: created.key.id))
                let left = try await bus.call(Keys.List(isAll: true, limit: 10, offset: 0))
                #expect(left.total == 0)
            }
        }
    }

    @Test(arguments: [
        ["create"], ["create", "--user", "a", "--days", "0"], ["create", "--user", "a", "--role", "root"],
        ["create", "--user", "a", "--per-minute", "x"], ["revoke"], ["revoke", "laptop"], ["forget"],
    ])
    func `invalid options are rejected`(_ arguments: [String]) {
        #expect(throws: (any Error).self) { try KeyCommand.parseAsRoot(arguments) }
    }

    @Test func `help lists commands and options`() {
        let text = ParleyCommand.helpMessage(for: KeyCommand.self)
        for word in ["create", "list", "revoke"] { #expect(text.contains(word)) }
        let create = ParleyCommand.helpMessage(for: KeyCreateCommand.self)
        for option in ["--user", "--role", "--days", "--per-minute", "--per-hour", "--concurrent"] {
            #expect(create.contains(option))
        }
    }
}
