import Bus
import Contracts
import NIOCore
import Testing

@testable import InferenceService

@Suite struct GenerationRequestTests {
    private func read(_ text: String) throws -> GenerationRequest {
        try GenerationRequest(ByteBuffer(string: text))
    }

    @Test func `messages stay encoded`() throws {
        let messages = #"[{"role":"system","content":"a\"]\u00e9"},{"content":"é [{","role":"user"}]"#
        let request = try read(
            #"{"messages":\#(messages),"model":"demo","options":{"seed":3},"gatherMilliseconds":25}"#
        )
        #expect(String(buffer: request.messages) == messages)
        #expect(request.model == "demo")
        #expect(request.options.seed == 3)
        #expect(request.gather == .milliseconds(25))
        #expect(request.hasMessages)
    }

    @Test func `instructions alone are accepted, and an empty list is not`() throws {
        for role in ["system", "developer"] {
            let request = try read(#"{"messages":[{"role":"\#(role)","content":"Greet."}],"options":{}}"#)
            #expect(request.hasMessages)
            try GenerationValidator.check(request)
        }
        let nothing = try read(#"{"messages":[],"options":{}}"#)
        #expect(throws: Fault.self) { try GenerationValidator.check(nothing) }
    }

    @Test func `other formats of a request are equivalent`() throws {
        let request = try read(#"{"model":null,"messages":[{"role":"user","content":"a","more":[1]}],"options":{}}"#)
        #expect(request.model == nil)
        let messages = try BusCoding.decode([Inference.Message].self, from: request.messages)
        #expect(messages == [Inference.Message(role: .user, content: "a")])
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"messages":[],"options":}"#, #"{"messages":{"role":"user","content":"a"},"options":{}}"#,
        #"{"messages":[{"role":"user"}],"options":{}}"#, #"{"messages":[{"role":"boss","content":"a"}],"options":{}}"#,
        #"{"messages":[{"role":"user","content":7}],"options":{}}"#, #"{"messages":[5],"options":{}}"#,
        #"{"messages":[{"role":"user","content":"a"}],"options":{}} more"#, #"{"messages":["#,
        #"{"messages":[{"role":"user","content":"a"}],"options":{"seed":"x"}}"#,
    ])
    func `an unreadable request is invalid`(text: String) {
        #expect(throws: Fault.self) { _ = try read(text) }
    }

    @Test func `invalid UTF-8 is rejected`() {
        var body = ByteBuffer(string: #"{"options":{},"messages":[{"role":"user","content":""#)
        body.writeInteger(UInt8(0xC3))
        body.writeString(#""}]}"#)
        #expect(throws: Fault.self) { _ = try GenerationRequest(body) }
    }

    @Test func `gatherMilliseconds is limited`() throws {
        let question = #""messages":[{"role":"user","content":"a"}],"options":{}"#
        for gather in [-1, 1001] {
            let request = try read("{\(question),\"gatherMilliseconds\":\(gather)}")
            #expect(throws: Fault.self) { try GenerationValidator.check(request) }
        }
    }

    @Test(arguments: [
        (#""tools":[{"type":"function"}]"#, [Model.Ability.tools]), (#""tools":[ ]"#, []), (#""tools":null"#, []),
        (#""tools":[{"type":"function"}],"toolChoice":"none""#, []),
        (#""tools":[{"type":"function"}],"toolChoice":"auto""#, [.tools]), (#""gatherMilliseconds":1"#, []),
    ])
    func `tools are needed only if calls are permitted`(_ member: String, _ needs: [Model.Ability]) throws {
        let request = try read("{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"options\":{},\(member)}")
        #expect(request.needs == needs)
    }
}
