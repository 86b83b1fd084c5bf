import Contracts
import Foundation
import TestSupport
import Testing

/// The verdict on the format of an answer in OpenAI's format.
@Suite(.timeLimit(.minutes(5))) struct ChatFormatTests {
    private static let body =
        #""messages":[{"role":"user","content":"Hello"}],"response_format":{"type":"json_object"}"#

    private static func events(_ verdict: Inference.FormatVerdict?) -> [Inference.Event] {
        var begin = Inference.Event(text: "{}")
        begin.begin = Inference.Begin(model: "demo/demo", attempts: [])
        var finish = Inference.Finish(reason: .stop, model: "demo/demo", usage: nil)
        finish.format = verdict
        return [begin, Inference.Event(finish: finish)]
    }

    @Test(
        arguments: [
            (Inference.FormatVerdict?.none, nil), (.init(isValid: true), #"{"valid":true}"#),
            (.init(isValid: false, reason: "$.a: \"x\""), #"{"reason":"$.a: \"x\"","valid":false}"#),
        ] as [(Inference.FormatVerdict?, String?)]
    )
    func `a choice says whether it has the format`(_ verdict: Inference.FormatVerdict?, _ wanted: String?) async throws
    {
        try await TestGateway.with { gateway in
            gateway.services.models.play(Self.events(verdict))
            let whole = try await gateway.chat("{\"model\":\"demo\",\(Self.body)}").json
            let choice = try #require((whole["choices"] as? [[String: Any]])?.first)
            #expect(try text(choice["format_verdict"]) == wanted)
            let stream = try await gateway.chat("{\"model\":\"demo\",\"stream\":true,\(Self.body)}")
            let last = try #require(
                stream.body.components(separatedBy: "data: ").last { $0.contains(#""finish_reason":"stop""#) }
            )
            let chunk = try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any]
            let end = try #require((chunk?["choices"] as? [[String: Any]])?.first)
            #expect(try text(end["format_verdict"]) == wanted)
        }
    }

    private func text(_ value: Any?) throws -> String? {
        try value.map { value in
            let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try JSONSerialization.data(withJSONObject: value, options: options), as: UTF8.self)
        }
    }
}
