import Foundation
import ParleyTool
import ServiceKit
import TestSupport
import Testing

@Suite struct SecretFilesTests {
    @Test func `secrets are random and readable only by the owner`() async throws {
        try await withTemporaryDirectory { directory in
            let folders = ["one", "two"].map { "\(directory)/\($0)/data" }
            for folder in folders { try SecretFiles(directory: folder).create(for: Settings(values: [:])) }
            let secrets = try folders.flatMap { [try text("\($0)/bus-token"), try text("\($0)/jwt-secret")] }
            #expect(Set(secrets).count == 4)
            #expect(secrets.allSatisfy { $0.count == 65 && $0.dropLast().allSatisfy(\.isHexDigit) })
            #expect(try mode(folders[0]) == 0o700)
            #expect(try mode(folders[0] + "/bus-token") == 0o600)
            #expect(try mode(folders[0] + "/jwt-secret") == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folders[0]).count == 2)
        }
    }

    @Test func `a data folder that cannot be created is rejected`() {
        for path in ["/dev/null", "/proc/nowhere"] {
            let fault = #expect(throws: InvalidSetting.self) {
                try SecretFiles(directory: path).create(for: Settings(values: [:]))
            }
            #expect(fault?.message.contains("DATA_DIR is \(path)") == true)
        }
    }

    @Test func `a service reads the created secrets`() async throws {
        try await withTemporaryDirectory { directory in
            let settings = Settings(values: ["DATA_DIR": directory])
            try SecretFiles(directory: directory).create(for: settings)
            #expect(try settings.busToken() + "\n" == text(directory + "/bus-token"))
            #expect(try settings.jwtSecret() + "\n" == text(directory + "/jwt-secret"))
        }
    }

    @Test func `an existing secret is kept`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/jwt-secret"
            try "mine, and mine alone, for ever and a day\n".write(toFile: path, atomically: true, encoding: .utf8)
            try SecretFiles(directory: directory).create(for: Settings(values: [:]))
            #expect(try text(path) == "mine, and mine alone, for ever and a day\n")
        }
    }

    @Test func `a secret in the settings needs no file`() async throws {
        try await withTemporaryDirectory { directory in
            let settings = Settings(values: ["BUS_TOKEN": "set by hand, for this test"])
            try SecretFiles(directory: directory).create(for: settings)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["jwt-secret"])
        }
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8)
    }

    private func mode(_ path: String) throws -> Int? {
        (try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber)?.intValue
    }
}
