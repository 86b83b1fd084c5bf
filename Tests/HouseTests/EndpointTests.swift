import Bus
import Contracts
import Foundation
import NIOCore
import NIOFoundationCompat
import Testing

/// Each declared endpoint is served by one service, and its JSON is unchanged; the endpoints are read from the tables
/// and the sources.
@Suite(.timeLimit(.minutes(5)))
struct EndpointTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    private static let golden = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

    @Test func `each endpoint of the contracts is served by exactly one service`() async throws {
        try await ServiceStack.with { stack in
            let paths = stack.tables.flatMap(\.paths)
            #expect(Set(paths).count == paths.count)
            let declared = try declaredPaths()
            #expect(Set(paths) == Set(declared))
            for path in paths { #expect(path.wholeMatch(of: /\/[a-z]+\/[a-z]+/) != nil) }
        }
    }

    @Test func `the JSON of each endpoint matches its golden file`() async throws {
        try await ServiceStack.with { stack in
            var seen: Set<String> = []
            for table in stack.tables {
                for type in table.endpoints { try check(type, &seen) }
                for type in table.streamingEndpoints { try check(type, &seen) }
            }
            let files = try FileManager.default.contentsOfDirectory(atPath: Self.golden.path)
            #expect(Set(files) == seen)
        }
    }

    private func check<Request: Endpoint>(_ type: Request.Type, _ seen: inout Set<String>) throws {
        let golden = try load(type.path, &seen)
        try compare(golden, "request", as: Request.self, type.path)
        try compare(golden, "response", as: Request.Response.self, type.path)
    }

    private func check<Request: StreamingEndpoint>(_ type: Request.Type, _ seen: inout Set<String>) throws {
        let golden = try load(type.path, &seen)
        try compare(golden, "request", as: Request.self, type.path)
        let elements = try #require(golden["elements"] as? [Any], "\(type.path) has no elements.")
        for element in elements { try compare(["element": element], "element", as: Request.Element.self, type.path) }
    }

    private func load(_ path: String, _ seen: inout Set<String>) throws -> [String: Any] {
        let name = String(path.dropFirst()).replacing("/", with: "-") + ".json"
        seen.insert(name)
        let data = try Data(contentsOf: Self.golden.appending(path: name))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    /// Decodes the golden JSON and compares the encoded value with it.
    private func compare<Value: Codable>(
        _ golden: [String: Any],
        _ key: String,
        as type: Value.Type,
        _ path: String
    ) throws {
        let wanted = try #require(golden[key], "\(path) has no golden \(key).")
        let data = try JSONSerialization.data(withJSONObject: wanted, options: .fragmentsAllowed)
        let value = try BusCoding.decode(type, from: ByteBuffer(data: data))
        let written = try JSONSerialization.jsonObject(
            with: Data(buffer: BusCoding.encode(value)),
            options: .fragmentsAllowed
        )
        let (today, once) = (try canonical(written), try canonical(wanted))
        #expect(today == once, "\(path), \(key)")
    }

    private func canonical(_ value: Any) throws -> String {
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .fragmentsAllowed, .prettyPrinted]
        return String(decoding: try JSONSerialization.data(withJSONObject: value, options: options), as: UTF8.self)
    }

    /// The paths in the sources of the contracts.
    private func declaredPaths() throws -> [String] {
        let folder = Self.root.appending(path: "Shared/Contracts")
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        return try (files?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "swift" }.flatMap { file in
            try String(contentsOf: file, encoding: .utf8).matches(of: /static let path = "([^"]+)"/).map {
                String($0.1)
            }
        }
    }
}
