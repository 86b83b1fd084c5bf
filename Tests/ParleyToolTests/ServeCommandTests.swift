import Foundation
import Glibc
import TestSupport
import Testing

/// `parley serve` as a process.
@Suite(.timeLimit(.minutes(5))) struct ServeCommandTests {
    @Test(arguments: ["media", "transcription"])
    func `a service runs, answers --health, and ends with exit code 0`(service: String) async throws {
        try await withTemporaryDirectory { directory in
            let port = try OccupiedPort.free()
            let options = ["--\(service)-port", "\(port)", "--bus-token", "the-bus-secret-of-this-test"]
            let parley = try ParleyProcess(in: directory)
            defer { parley.discard() }
            try parley.start(["serve", service] + options)
            try await parley.waitForOutput("\(service)-svc: Listening address=\"127.0.0.1:\(port)\"")
            #expect(try await output(["serve", service, "--health"] + options, code: 0).contains(#""status":"ready""#))
            parley.send(SIGTERM)
            try await parley.expectExit(code: 0)
            #expect(try await output(["serve", service, "--health"] + options, code: 1).contains("127.0.0.1:\(port)"))
        }
    }

    @Test(arguments: ["gateway", "conversation", "inference", "media", "transcription"])
    func `each service lists its settings`(service: String) async throws {
        let text = try await output(["serve", service, "--help"], code: 0)
        #expect(text.hasPrefix("Usage: parley serve \(service) [--health]"))
        #expect(text.contains("\(service.uppercased())_PORT"))
    }

    @Test func `an unknown service is rejected`() async throws {
        let text = try await output(["serve", "gatway"], code: 64)
        #expect(text.contains("gatway is not a service. Name one of: gateway, conversation, inference, media"))
    }

    @Test func `an invalid setting ends the service with exit code 1`() async throws {
        let text = try await output(["serve", "media", "--media-port", "x"], code: 1)
        #expect(text.hasPrefix("media-svc: MEDIA_PORT is “x”"))
    }

    /// Runs a command to its end and returns its output.
    private func output(_ arguments: [String], code: Int32) async throws -> String {
        try await withTemporaryDirectory { directory in
            let parley = try ParleyProcess(in: directory)
            defer { parley.discard() }
            try parley.start(arguments)
            try await parley.expectExit(code: code)
            return try parley.output
        }
    }
}
