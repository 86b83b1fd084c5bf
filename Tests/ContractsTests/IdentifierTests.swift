import Contracts
import Testing

struct IdentifierTests {
    @Test func `a new identifier is a version 7 UUID in lower case`() throws {
        let id = Run.ID()
        #expect(
            id.description.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil
        )
        #expect(Run.ID(id.description) == id)
    }

    @Test func `identifiers sort by creation time`() {
        let early = Run.ID(at: Timestamp(microseconds: 1_000_000_000))
        let late = Run.ID(at: Timestamp(microseconds: 1_000_002_000))
        #expect(early.description < late.description)
    }

    @Test func `other spellings of a UUID are accepted`() throws {
        let id = try #require(Run.ID("0192f0c1-7b5a-7c3e-9f00-3a5b8c1d2e4f"))
        #expect(Run.ID("0192F0C1-7B5A-7C3E-9F00-3A5B8C1D2E4F") == id)
        #expect(Run.ID("0192f0c17b5a7c3e9f003a5b8c1d2e4f") == id)
        #expect(Run.ID("urn:uuid:0192f0c1-7b5a-7c3e-9f00-3a5b8c1d2e4f") == id)
    }

    @Test(arguments: [
        "", "1", "0192f0c1-7b5a-7c3e-9f00-3a5b8c1d2e4", "0192f0c1-7b5a-7c3e-9f00-3a5b8c1d2e4g",
        "0192f0c17b5a7c3e9f003a5b8c1d2e4f0000", "-----------------------------------", "../../etc/passwd",
        "0192f0c1-7b5a-7c3e-9f00-3a5b8c1d2e4f\n", "０192f0c1-7b5a-7c3e-9f00-3a5b8c1d2e4f",
    ])
    func `an invalid UUID is rejected`(text: String) {
        #expect(Run.ID(text) == nil)
    }
}
