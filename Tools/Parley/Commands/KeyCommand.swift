import ArgumentParser
import Contracts
import ServiceKit

/// `parley key`: creates, lists and revokes API keys.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Creates, lists and revokes API keys, while Parley is running.",
        discussion: "A key is sent as Authorization: Bearer sk-parley-…, or as X-API-Key.",
        subcommands: [KeyCreateCommand.self, KeyListCommand.self, KeyRevokeCommand.self]
    )
}

/// `parley key create`: creates a key and prints its secret.
struct KeyCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Prints a new key; its secret cannot be shown again."
    )

    @Option(help: "The user that the key belongs to.")
    var user: String

    @Option(help: "A name to recognize the key by.")
    var name: String = "created by parley key"

    @Option(help: "The role of the key: user or admin.")
    var role: Principal.Role = .user

    @Option(help: "Days until expiry (default: never).")
    var days: Int?

    @Option(help: "Maximum requests per minute, in addition to the limit of the user.")
    var perMinute: Int?

    @Option(help: "Maximum requests per hour, in addition to the limit of the user.")
    var perHour: Int?

    @Option(help: "Maximum concurrent generations, in addition to the limit of the user.")
    var concurrent: Int?

    @Argument(parsing: .allUnrecognized, help: "Settings, such as --data-dir ./data.")
    var settings: [String] = []

    func validate() throws {
        guard days.map((1...36_500).contains) ?? true else {
            throw ValidationError("--days must be from 1 to 36500.")
        }
    }

    func run() async throws {
        try await Console.reportErrors {
            let created = try await ConversationClient(settings: Settings.load(arguments: settings)).call(request())
            print(created.secret)
            Console.printError("Key \(created.key.id) of \(created.key.user). The secret cannot be shown again.")
        }
    }

    /// Returns the request that the options describe.
    func request(now: Timestamp = .now()) -> Keys.Create {
        Keys.Create(
            name: name,
            user: user,
            role: role,
            limits: APIKey.Limits(
                requestsPerMinute: perMinute,
                requestsPerHour: perHour,
                concurrentRuns: concurrent
            ),
            expiresAt: days.map { Timestamp(microseconds: now.microseconds + Int64($0) * 86_400_000_000) }
        )
    }
}

/// `parley key list`: lists keys.
struct KeyListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists keys without their secrets, newest first."
    )

    private static let pageSize = 200

    @Option(help: "List only the keys of this user (default: of all users).")
    var user: String?

    @Argument(parsing: .allUnrecognized, help: "Settings, such as --data-dir ./data.")
    var settings: [String] = []

    func run() async throws {
        try await Console.reportErrors {
            let client = try ConversationClient(settings: await Settings.load(arguments: settings))
            var offset = 0
            var total = 0
            repeat {
                let list = Keys.List(user: user, isAll: user == nil, limit: Self.pageSize, offset: offset)
                let page = try await client.call(list)
                for key in page.items { print(Self.line(key)) }
                offset += Self.pageSize
                total = page.total
            } while offset < total
            Console.printError(total == 0 ? "There are no keys." : "\(total) keys.")
        }
    }

    /// Returns a line of the list: id, user, role, last use, expiry, limits and name.
    static func line(_ key: APIKey) -> String {
        let limits = [
            key.limits.requestsPerMinute.map { "\($0)/minute" }, key.limits.requestsPerHour.map { "\($0)/hour" },
            key.limits.concurrentRuns.map { "\($0) concurrent" },
        ].compactMap(\.self)
        return [
            "\(key.id)", key.user, key.role.rawValue, "used \(key.lastUsedAt.map { "\(Day($0))" } ?? "never")",
            "expires \(key.expiresAt.map { "\(Day($0))" } ?? "never")",
            limits.isEmpty ? "no limits" : limits.joined(separator: " "), key.name,
        ].joined(separator: "  ")
    }
}

/// `parley key revoke`: revokes a key.
struct KeyRevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Revokes a key; every gateway rejects it within a second."
    )

    @Argument(help: "The id of the key, from parley key list.")
    var key: String

    @Argument(parsing: .allUnrecognized, help: "Settings, such as --data-dir ./data.")
    var settings: [String] = []

    func validate() throws {
        guard APIKey.ID(key) != nil else {
            throw ValidationError("\(key) is not the id of a key, which is a UUID. Run parley key list.")
        }
    }

    func run() async throws {
        try await Console.reportErrors {
            guard let id = APIKey.ID(key) else { return }
            let client = try ConversationClient(settings: await Settings.load(arguments: settings))
            let revoked = try await client.call(Keys.Revoke(key: id))
            Console.print("Revoked “\(revoked.name)” of \(revoked.user).")
        }
    }
}
