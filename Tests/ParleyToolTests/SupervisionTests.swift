import Foundation
import Glibc
import TestSupport
import Testing

/// `parley up` with real child processes: start, end, and what the children receive.
@Suite(.timeLimit(.minutes(5))) struct SupervisionTests {
    @Test func `services start, and SIGTERM ends them with exit code 0`() async throws {
        try await withParleyUp { parley in
            try await parley.waitForOutput("Parley is up")
            let children = try parley.children()
            #expect(Set(children.keys) == ["media", "transcription"])
            #expect(children.values.allSatisfy { getpgid($0) == $0 })
            parley.send(SIGTERM)
            try await parley.expectExit(code: 0)
            #expect(!children.values.contains { ParleyProcess.isAlive($0) })
            #expect(try parley.output.contains("Parley has stopped."))
        }
    }

    @Test func `Ctrl-C ends the services with exit code 0`() async throws {
        try await withParleyUp { parley in
            try await parley.waitForOutput("Parley is up")
            parley.send(SIGINT)
            try await parley.expectExit(code: 0)
        }
    }

    @Test func `children run from the executable file of the supervisor, under the names of the services`() async throws
    {
        try await withParleyUp { parley in
            try await parley.waitForOutput("Parley is up")
            for (service, pid) in try parley.children() {
                #expect(ParleyProcess.commandLine(pid) == [parley.executable, "serve", service])
                let name = FileManager.default.contents(atPath: "/proc/\(pid)/comm") ?? Data()
                #expect(String(decoding: name, as: UTF8.self) == String("\(service)-svc".prefix(15)) + "\n")
            }
            parley.send(SIGTERM)
            try await parley.expectExit(code: 0)
        }
    }

    @Test func `a child receives the settings that it uses, in its environment only`() async throws {
        let secrets = ["OPENAI_API_KEY": "sk-of-the-provider", "GEMINI_API_KEY": "key-of-gemini", "PRIVATE": "mine"]
        let options = [
            "--jwt-secret-key", "a-secret-for-tokens-of-this-test", "--bus-token=the-bus-secret-of-this-test",
            "--media-upload-dir", "/tmp/uploads",
        ]
        try await withParleyUp(environment: secrets, arguments: options) { parley in
            try "SPEECH_ENGINE=flite\nJWT_ISSUER=us\n".write(
                toFile: parley.directory + "/.env",
                atomically: true,
                encoding: .utf8
            )
            try await parley.waitForOutput("Parley is up")
            let media = try parley.child("media")
            #expect(ParleyProcess.commandLine(media) == [parley.executable, "serve", "media"])
            let environment = ParleyProcess.environment(media)
            #expect(environment.contains("BUS_TOKEN=the-bus-secret-of-this-test"))
            #expect(environment.contains("MEDIA_UPLOAD_DIR=/tmp/uploads"))
            let names = Set(environment.compactMap { $0.split(separator: "=").first.map(String.init) })
            for name in [
                "JWT_SECRET_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "PRIVATE", "TRANSCRIPTION_PORT", "JWT_ISSUER",
            ] {
                #expect(!names.contains(name), "\(name)")
            }
            parley.send(SIGTERM)
            try await parley.expectExit(code: 0)
        }
    }

    @Test func `services end if their supervisor is killed`() async throws {
        try await withParleyUp { parley in
            try await parley.waitForOutput("Parley is up")
            let children = try parley.children().values
            parley.send(SIGKILL)
            try await eventually("The end of the children") {
                !children.contains { ParleyProcess.isAlive($0) }
            }
        }
    }

    @Test func `a service with an invalid setting stops all services`() async throws {
        try await withParleyUp(environment: ["BUS_TOKEN": "short"]) { parley in
            try await parley.expectExit(code: 1)
            #expect(try parley.output.contains("BUS_TOKEN has 5 bytes; it must have 16 or more."))
            #expect(try parley.count("Parley is up") == 0)
        }
    }

    @Test(arguments: ["sk-key\n", "sk-\u{7}key", "sk\r\nkey"])
    func `a key with a control character is rejected and not printed`(key: String) async throws {
        try await withParleyUp(environment: ["OPENAI_API_KEY": key]) { parley in
            try await parley.expectExit(code: 1)
            #expect(try parley.output.contains("OPENAI_API_KEY contains a line break or another control character."))
            #expect(try !parley.output.contains("sk"))
        }
    }

    @Test func `an unknown option stops the start`() async throws {
        try await withParleyUp(arguments: ["--media-prot", "1"]) { parley in
            let code = try await parley.exitCode()
            #expect(code != 0)
            #expect(try parley.output.contains("--media-prot is not an option"))
        }
    }

    @Test func `a second supervisor of the same services is rejected`() async throws {
        try await withParleyUp { parley in
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

    @Test func `the output of a service is in its log file, which the service rotates without a loss`() async throws {
        try await withParleyUp(prepare: { directory in
            // One byte less than the limit: the first line of the service reaches it.
            let folder = directory + "/data/logs"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let old = Data(repeating: UInt8(ascii: "o"), count: 20 * 1024 * 1024 - 1)
            try old.write(to: URL(filePath: folder + "/media-svc.log"))
        }) { parley in
            try await parley.waitForOutput("Parley is up")
            try await eventually { parley.log("transcription-svc").contains("Listening") }
            parley.send(SIGTERM)
            try await parley.expectExit(code: 0)
            let files = [
                "\(parley.directory)/data/logs/media-svc.log.1", "\(parley.directory)/data/logs/media-svc.log",
            ]
            let text = files.map { String(decoding: FileManager.default.contents(atPath: $0) ?? Data(), as: UTF8.self) }
            let all = text.joined()
            for line in ["Listening", "Draining", "Stopped"] {
                #expect(all.ranges(of: "media-svc: \(line)").count == 1)
            }
            #expect(all.utf8.prefix(20 * 1024 * 1024 - 1).allSatisfy { $0 == UInt8(ascii: "o") })
            #expect(!text[1].isEmpty && text[1].utf8.count < 1000)
        }
    }
}

/// Runs `parley up` for media-svc and transcription-svc, on free ports.
func withParleyUp(
    environment: [String: String] = [:],
    arguments: [String] = [],
    prepare: (String) throws -> Void = { _ in },
    _ body: (ParleyProcess) async throws -> Void
) async throws {
    try await withTemporaryDirectory { directory in
        let parley = try ParleyProcess(in: directory)
        defer { parley.discard() }
        try prepare(directory)
        let options = [
            "up", "--only", "media,transcription", "--media-port", "\(try OccupiedPort.free())",
            "--transcription-port", "\(try OccupiedPort.free())",
        ]
        try parley.start(options + arguments, environment: environment)
        try await body(parley)
    }
}
