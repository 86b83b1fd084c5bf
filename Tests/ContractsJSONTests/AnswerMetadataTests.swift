import Contracts
import ContractsJSON
import Foundation
import Testing

/// The parts of an answer in `extra_content`.
struct AnswerMetadataTests {
    private typealias Part = Inference.AnswerPart

    private static let parts = [
        Part(kind: .reasoning, bytes: 7, metadata: RawJSON(#"{"anthropic":{"signature":"c2ln"}}"#)),
        Part(kind: .text, bytes: 8), Part(kind: .toolCall),
    ]

    @Test func `the parts stand beside other metadata`() throws {
        let finish = Inference.Finish(
            reason: .stop,
            model: "x/y",
            usage: nil,
            metadata: RawJSON(#" {"google":{"thought_signature":"s"}} "#)
        )
        let content = try #require(AnswerMetadata.extraContent(of: finish, parts: Self.parts))
        #expect(AnswerMetadata(content)?.parts == Self.parts && content.text.contains(#""google":{"#))
        #expect(try JSONSerialization.jsonObject(with: Data(content.text.utf8)) is [String: Any])
        let plain = [Part(kind: .text, bytes: 1), Part(kind: .reasoning, bytes: 1)]
        #expect(AnswerMetadata.extraContent(of: finish, parts: plain) == finish.metadata)
        for other in ["[]", "{}", "{\"parley\":1}", "{\"parley\":{\"model\":\"m\",\"parts\":[{}]}}", "\"x\""] {
            #expect(AnswerMetadata(RawJSON(other)) == nil)
        }
    }
}
