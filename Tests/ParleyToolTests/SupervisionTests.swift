import Foundation
import Glibc
import TestSupport
import Testing

/// `parley up` itself, with real children.
@Suite(.timeLimit(.minutes(2))) struct SupervisionTests {
    /// Runs `parley up` for media-svc and transcription-svc, on ports of its own.
    private func withParley(
        replacements: [String: String] = [:],
        environment: [String: String] = [:],
        arguments: [String] = [],
        _ body: (ParleyProcess) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            let parley = try ParleyProcess(in: directory, replacements: replacements)
            defer { parley.discard() }
            let holders = try [OccupiedPort(), OccupiedPort()]
            for holder in holders { holder.release() }
            let options = [
                "up", "--only", "media,transcription", "--media-port", "\(holders[0].port)", "--transcription-port",
                "\(holders[1].port)",
            ]
            try parley.start(options + arguments, environment: environment)
            try await body(parley)
        }
    }

    @Test func `services come up, and end with a zero when told to`() async throws {
        try await withParley { parley in
            try await parley.waitForOutput("Parley is up")
            let children = try parley.children()
            #expect(Set(children.keys) == ["media-svc", "transcription-svc"])
            #expect(children.values.allSatisfy { getpgid($0) == $0 })
            parley.send(SIGTERM)
            try await parley.expectExit(code: 0)
            #expect(!children.values.contains { ParleyProcess.isAlive($0) })
            #expect(try parley.output.contains("Parley has stopped."))
        }
    }

    @Test func `Ctrl-C is as good`() async throws {
        try await withParley { parley in
            try await parley.waitForOutput("Parley is up")
            parley.send(SIGINT)
            try await parley.expectExit(code: 0)
        }
    }

    @Test func `a service that is killed is reported and comes back, again and again`() async throws {
        try await withParley { parley in
            try await parley.waitForOutput("Parley is up")
            for round in 1...3 {
                let victim = try parley.child("media-svc")
                kill(victim, SIGKILL)
                try await parley.waitForOutput("media-svc is up again.", times: round)
                #expect(try parley.child("media-svc") != victim)
            }
            #expect(try parley.count("media-svc ended by signal 9") == 3)
            parley.send(SIGTERM)
            try await parley.expectExit(code: 0)
        }
    }

    @Test func `services end when their supervisor is killed`() async throws {
        try await withParley { parley in
            try await parley.waitForOutput("Parley is up")
            let children = try parley.children().values
            parley.send(SIGKILL)
            try await eventually("The end of the children", within: .seconds(30)) {
                !children.contains { ParleyProcess.isAlive($0) }
            }
        }
    }

    @Test func `a service that says why it cannot start stops everything`() async throws {
        try await withParley(environment: ["BUS_TOKEN": "short"]) { parley in
            try await parley.expectExit(code: 1)
            #expect(try parley.output.contains("BUS_TOKEN has 5 bytes; it must have 16 or more."))
            #expect(try parley.count("Parley is up") == 0)
        }
    }

    @Test func `an option that does not exist stops everything before it begins`() async throws {
        try await withParley(arguments: ["--media-prot", "1"]) { parley in
            let code = try await parley.exitCode()
            #expect(code != 0)
            #expect(try parley.output.contains("--media-prot is not an option"))
        }
    }

    @Test func `one that crashes before it was ready is tried again with pauses`() async throws {
        try await withParley(replacements: ["media-svc": "echo it hurts >&2\nkill -SEGV $$\n"]) { parley in
            try await parley.waitForOutput("media-svc ended by signal 11", times: 3)
            try await parley.waitForOutput("started again in 0.1 seconds")
            try await parley.waitForOutput("started again in 0.2 seconds")
            #expect(try parley.output.contains("it hurts"))
            #expect(try parley.count("Parley is up") == 0)
            parley.send(SIGTERM)
            try await parley.expectExit(code: 0)
        }
    }

    @Test func `a port that is still in use is waited for`() async throws {
        try await withTemporaryDirectory { directory in
            let parley = try ParleyProcess(in: directory)
            defer { parley.discard() }
            let holder = try OccupiedPort()
            try parley.start(["up", "--only", "media", "--media-port", "\(holder.port)"])
            try await parley.waitForOutput("Waiting for port \(holder.port) of media-svc")
            holder.release()
            try await parley.waitForOutput("Parley is up")
            parley.send(SIGTERM)
            try await parley.expectExit(code: 0)
        }
    }

    @Test func `a second supervisor of the same services is refused`() async throws {
        try await withParley { parley in
            try await parley.waitForOutput("Parley is up")
            let second = try ParleyProcess(in: parley.directory)
            defer { second.discard() }
            let output = try parley.output
            try second.start(["up", "--only", "media"])
            try await second.expectExit(code: 1)
            #expect(try second.output.contains("Another parley up runs media-svc"))
            #expect(!output.isEmpty)
            parley.send(SIGTERM)
            try await parley.expectExit(code: 0)
        }
    }

    @Test func `the logs of the services are kept`() async throws {
        try await withParley { parley in
            try await parley.waitForOutput("Parley is up")
            for service in ["media-svc", "transcription-svc"] {
                let path = "\(parley.directory)/data/logs/\(service).log"
                try await eventually { try String(contentsOfFile: path, encoding: .utf8).contains("Listening") }
            }
            parley.send(SIGTERM)
            try await parley.expectExit(code: 0)
        }
    }
}
