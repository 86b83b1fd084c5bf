import Foundation
import Glibc
import TestSupport
import Testing

/// `parley up` with real child processes that exit, hang or cannot start.
@Suite(.timeLimit(.minutes(5))) struct SupervisorRecoveryTests {
    @Test func `a killed service is reported and restarted, several times`() async throws {
        try await withParleyUp { parley in
            try await parley.waitForOutput("Parley is up")
            for round in 1...3 {
                let victim = try parley.child("media")
                kill(victim, SIGKILL)
                try await parley.waitForOutput("media-svc is up again.", times: round)
                #expect(try parley.child("media") != victim)
            }
            #expect(try parley.count("media-svc ended by signal 9") == 3)
            parley.send(SIGTERM)
            try await parley.expectExit(code: 0)
        }
    }

    @Test func `a service that exits right after it was ready is restarted with growing pauses`() async throws {
        try await withParleyUp { parley in
            try await parley.waitForOutput("Parley is up")
            for round in 1...4 {
                kill(try parley.child("media"), SIGKILL)
                try await parley.waitForOutput("media-svc is up again.", times: round)
            }
            for pause in ["media-svc restarts.", "in 0.1 seconds", "in 0.2 seconds", "in 0.4 seconds"] {
                #expect(try parley.count(pause) == 1, "\(pause)")
            }
            parley.send(SIGTERM)
            try await parley.expectExit(code: 0)
        }
    }

    @Test func `a service that crashes before it is ready is restarted with growing pauses`() async throws {
        try await withUnstartedParley { parley, port in
            try parley.replaceExecutable(by: "echo it crashes >&2\nkill -SEGV $$\n")
            port.release()
            try await parley.waitForOutput("media-svc ended by signal 11", times: 3)
            try await parley.waitForOutput("restarts in 0.1 seconds")
            try await parley.waitForOutput("restarts in 0.2 seconds")
            #expect(try parley.output.contains("it crashes"))
            #expect(try parley.count("Parley is up") == 0)
            parley.send(SIGTERM)
            try await parley.expectExit(code: 0)
        }
    }

    @Test func `an occupied port is waited for`() async throws {
        try await withUnstartedParley { parley, port in
            port.release()
            try await parley.waitForOutput("Parley is up")
            parley.send(SIGTERM)
            try await parley.expectExit(code: 0)
        }
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func `a signal ends the wait for an occupied port`(signal: Int32) async throws {
        try await withUnstartedParley { parley, port in
            defer { port.release() }
            parley.send(signal)
            try await parley.expectExit(code: 0)
            #expect(try parley.count("Parley is up") == 0)
        }
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func `a signal ends services that are not ready yet`(signal: Int32) async throws {
        try await withUnstartedParley { parley, port in
            try parley.replaceExecutable(by: "exec sleep 600\n")
            port.release()
            try await parley.waitForOutput("Waiting for media-svc.")
            parley.send(signal)
            try await parley.expectExit(code: 0)
        }
    }

    @Test func `another program that answers on the port is not taken for the service`() async throws {
        try await withTemporaryDirectory { directory in
            let parley = try ParleyProcess(in: directory)
            defer { parley.discard() }
            let port = try OccupiedPort.free()
            try parley.start(["up", "--only", "media", "--media-port", "\(port)"])
            try await parley.waitForOutput("Parley is up")
            // The next process of the service never listens, so that only the other program answers.
            try parley.replaceExecutable(by: "exec sleep 600\n")
            let victim = try parley.child("media")
            kill(victim, SIGKILL)
            // It must run before the port is taken: otherwise the report of the port precedes it.
            let next = try await parley.child(running: "sleep")
            let other = try OccupiedPort.whenFree(port)
            other.answerEveryRequest()
            try await parley.waitForOutput("Port \(port) of media-svc is in use by another program. Stop that program")
            #expect(try parley.count("media-svc is up again.") == 0)
            // A service that cannot listen is restarted with growing pauses, and is up once the port is free.
            try parley.replaceExecutable(by: "exec \"$REAL\" \"$@\"\n")
            kill(next, SIGKILL)
            try await parley.waitForOutput("media-svc restarts in 0.4 seconds")
            #expect(try parley.count("media-svc is up again.") == 0)
            #expect(try parley.output.contains("or set MEDIA_PORT to a free port."))
            other.release()
            try await parley.waitForOutput("media-svc is up again.")
            parley.send(SIGTERM)
            try await parley.expectExit(code: 0)
        }
    }

    @Test func `a service that cannot be started is tried again, and the others stay up`() async throws {
        try await withParleyUp { parley in
            try await parley.waitForOutput("Parley is up")
            let hidden = parley.executable + ".hidden"
            #expect(rename(parley.executable, hidden) == 0)
            kill(try parley.child("media"), SIGKILL)
            try await parley.waitForOutput(
                "media-svc cannot be started: The system cannot create the process",
                times: 3
            )
            #expect(try parley.children().keys.sorted() == ["transcription"])
            #expect(rename(hidden, parley.executable) == 0)
            try await parley.waitForOutput("media-svc is up again.")
            parley.send(SIGTERM)
            try await parley.expectExit(code: 0)
        }
    }

    @Test func `a service that hangs is found, killed and restarted`() async throws {
        try await withParleyUp { parley in
            try await parley.waitForOutput("Parley is up")
            let victim = try parley.child("media")
            kill(victim, SIGSTOP)
            try await parley.waitForOutput("media-svc does not answer /readyz and is terminated.")
            try await parley.waitForOutput("media-svc is up again.")
            #expect(try parley.child("media") != victim)
            #expect(try parley.count("transcription-svc does not answer") == 0)
            parley.send(SIGTERM)
            try await parley.expectExit(code: 0)
        }
    }

    /// Starts `parley up` for media-svc, which waits for its port until a test releases it.
    private func withUnstartedParley(_ body: (ParleyProcess, OccupiedPort) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            let parley = try ParleyProcess(in: directory)
            defer { parley.discard() }
            let port = try OccupiedPort()
            try parley.start(["up", "--only", "media", "--media-port", "\(port.port)"])
            try await parley.waitForOutput("Waiting for port \(port.port) of media-svc")
            try await body(parley, port)
        }
    }
}
