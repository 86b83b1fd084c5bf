import ArgumentParser
import Contracts
import Foundation
import ServiceKit

/// Output of the command line.
enum Console {
    /// Prints a line to standard output, without buffering.
    static func print(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }

    /// Prints a line to standard error.
    static func printError(_ line: String) {
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }

    /// Runs a command; prints the message of an expected error and throws the exit code 1.
    static func reportErrors(_ command: () async throws -> Void) async throws {
        do {
            try await command()
        } catch let error as InvalidSetting {
            printError("parley: \(error.message)")
            throw ExitCode(1)
        } catch let fault as Fault {
            let advice = fault.code == .unreachable ? " Start it with parley up." : ""
            printError("parley: \(fault.message)\(advice)")
            throw ExitCode(1)
        }
    }
}
