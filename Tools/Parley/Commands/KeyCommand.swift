import ArgumentParser
import Contracts
import ServiceKit

/// `parley key`: makes, lists and revokes API keys of a house that runs.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Makes, lists and revokes API keys, while Parley runs.",
        discussion: "A key is sent as Authorization: Bearer sk-parley-…, or as X-API-Key.",
        subcommands: [KeyCreateCommand.self, KeyListCommand.self, KeyRevokeCommand.self]
    )
}

/// `parley key create`: makes a key and prints its secret, this once.
struct KeyCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Prints a new key; nobody can tell it again."
    )

    @Option(help: "Whose key it becomes.")
    var user: String

    @Option(help: "What to call it.")
    var name: String = "made by parley key"

    @Option(help: "What it may: user or admin.")
    var role: TokenCommand.Role = .user

    @Option(help: "After how many days it stops being good; unset: never.")
    var days: Int?

    @Option(help: "How many requests a minute it may make, beside what its user may.")
    var perMinute: Int?

    @Option(help: "How many requests an hour it may make, beside what its user may.")
    var perHour: Int?

    @Option(help: "How many answers may be made for it at once, beside what its user may.")
    var concurrent: Int?

    @Argument(parsing: .allUnrecognized, help: "Settings, such as --data-dir ./data.")
    var settings: [String] = []

    func validate() throws {
        guard days.map((1...36_500).contains) ?? true else {
            throw ValidationError("--days must be from 1 to 36500.")
        }
    }

    func run() async throws {
        try await KeyCommand.report {
            let created = try await ConversationClient(settings: Settings.load(arguments: settings)).call(request())
            print(created.secret)
            Console.printError("The key \(created.key.id) of \(created.key.user), which is shown this once.")
        }
    }

    /// What the options ask for.
    func request(now: Timestamp = .now()) -> Keys.Create {
        Keys.Create(
            name: name,
            user: user,
            role: role == .admin ? .admin : .user,
            limits: APIKey.Limits(
                requestsPerMinute: perMinute,
                requestsPerHour: perHour,
                concurrentRuns: concurrent
            ),
            expiresAt: days.map { Timestamp(microseconds: now.microseconds + Int64($0) * 86_400_000_000) }
        )
    }
}

/// `parley key list`: says which keys there are.
struct KeyListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists keys, newest first, without their secrets."
    )

    private static let pageSize = 200

    @Option(help: "Whose; unset: everybody's.")
    var user: String?

    @Argument(parsing: .allUnrecognized, help: "Settings, such as --data-dir ./data.")
    var settings: [String] = []

    func run() async throws {
        try await KeyCommand.report {
            let bus = try ConversationClient(settings: await Settings.load(arguments: settings))
            var offset = 0
            var total = 0
            repeat {
                let list = Keys.List(user: user, isAll: user == nil, limit: Self.pageSize, offset: offset)
                let page = try await bus.call(list)
                for key in page.items { print(Self.line(key)) }
                offset += Self.pageSize
                total = page.total
            } while offset < total
            Console.printError(total == 0 ? "There are no keys." : "\(total) keys.")
        }
    }

    /// One line of the list: id, user, role, when it was last used and when it ends, limits, and its name.
    static func line(_ key: APIKey) -> String {
        let limits = [
            key.limits.requestsPerMinute.map { "\($0)/minute" }, key.limits.requestsPerHour.map { "\($0)/hour" },
            key.limits.concurrentRuns.map { "\($0) at once" },
        ].compactMap(\.self)
        return [
            "\(key.id)", key.user, key.role.rawValue, "used \(key.lastUsedAt.map { "\(Day($0))" } ?? "never")",
            "ends \(key.expiresAt.map { "\(Day($0))" } ?? "never")",
            limits.isEmpty ? "no limits" : limits.joined(separator: " "), key.name,
        ].joined(separator: "  ")
    }
}

/// `parley key revoke`: makes a key worthless.
struct KeyRevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Makes a key worthless, everywhere within a second."
    )

    @Argument(help: "The key's id, as parley key list tells it.")
    var key: String

    @Argument(parsing: .allUnrecognized, help: "Settings, such as --data-dir ./data.")
    var settings: [String] = []

    func validate() throws {
        guard APIKey.ID(key) != nil else {
            throw ValidationError("The key is named by its id, a UUID that parley key list tells.")
        }
    }

    func run() async throws {
        try await KeyCommand.report {
            guard let id = APIKey.ID(key) else { return }
            let bus = try ConversationClient(settings: await Settings.load(arguments: settings))
            let revoked = try await bus.call(Keys.Revoke(key: id))
            Console.print("Revoked “\(revoked.name)” of \(revoked.user).")
        }
    }
}

extension KeyCommand {
    /// Does it, and says in a sentence why it could not be done.
    fileprivate static func report(_ work: () async throws -> Void) async throws {
        do {
            try await work()
        } catch let fault as InvalidSetting {
            Console.printError("parley: \(fault.message)")
            throw ExitCode(1)
        } catch let fault as Fault {
            let hint = fault.code == .unreachable ? " Start it with parley up." : ""
            Console.printError("parley: \(fault.message)\(hint)")
            throw ExitCode(1)
        }
    }
}
