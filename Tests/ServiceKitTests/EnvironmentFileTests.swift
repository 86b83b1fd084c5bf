import TestSupport
import Testing

@testable import ServiceKit

@Suite struct EnvironmentFileTests {
    private func parse(_ text: String) throws -> [String: String] {
        try EnvironmentFile.parse(text, path: ".env")
    }

    @Test(arguments: [
        ("A=b", "b"), ("A = b ", "b"), ("export A=b", "b"), ("A=", ""), ("A=b=c", "b=c"), ("A=b # c", "b"),
        ("A=b#c", "b#c"), ("A=# c", ""), ("A=\"b # c\" # d", "b # c"), ("A='b\"c'", "b\"c"),
        ("A=\"b\\\"c\\\\d\\n\"", "b\"c\\d\\n"), ("A='b\\n'", "b\\n"), ("A=\"\"", ""), ("\u{FEFF}A=b", "b"),
        ("A=1\nA=2", "2"), ("A=$HOME", "$HOME"),
    ])
    func `a line sets a value`(line: String, value: String) throws {
        #expect(try parse(line) == ["A": value])
    }

    @Test func `comments, blank lines and all line endings are supported`() throws {
        #expect(try parse("# x\r\n\r\nA=1\r\n  # y\nB=2\rC=3") == ["A": "1", "B": "2", "C": "3"])
        #expect(try parse("") == [:])
    }

    @Test(arguments: ["hunter2", "A B=hunter2", "=hunter2", "A=\"hunter2", "A='hunter2' x", "A-B=hunter2", "Ä=hunter2"])
    func `an invalid line is rejected by its number and not quoted`(line: String) {
        #expect(throws: InvalidSetting("Line 2 of .env is not of the form NAME=value.")) {
            try parse("GOOD=1\n" + line)
        }
    }

    @Test func `a missing file sets nothing`() throws {
        #expect(try EnvironmentFile.read("/nowhere/.env") == [:])
    }

    @Test func `a folder instead of the file is rejected`() async throws {
        try await withTemporaryDirectory { directory in
            let fault = InvalidSetting("The file \(directory) cannot be read as UTF-8 text. Correct it or remove it.")
            #expect(throws: fault) { try EnvironmentFile.read(directory) }
        }
    }
}
