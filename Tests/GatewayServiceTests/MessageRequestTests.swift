import Bus
import Contracts
import Foundation
import Testing

@testable import GatewayService

struct MessageRequestTests {
    @Test(arguments: [
        (#"{"content":"Hello"}"#, Message.Content(text: "Hello")),
        (#"{"content":"Hello","message_type":null}"#, .init(text: "Hello")),
        (
            #"{"content":"Hello","message_type":"text","media_urls":null,"audio_url":null,"audio_duration_seconds":null}"#,
            .init(text: "Hello")
        ),
        (#"{"content":" Hello \n","message_type":"TEXT"}"#, .init(text: "Hello")),
        (#"{"content":"\u3000\t a  b \r\n"}"#, .init(text: "a  b")),
        (#"{"content":"Hello","message_type":" Text "}"#, .init(text: "Hello")),
        (#"{"content":80,"message_type":"text"}"#, .init(text: "80")),
        (#"{"content":-3}"#, .init(text: "-3")),
        (#"{"content":3.25}"#, .init(text: "3.25")),
        (#"{"content":0}"#, .init(text: "0")),
        (#"{"content":"x","role":"assistant","id":"1","created_at":0,"status":"failed"}"#, .init(text: "x")),
        (#"{"message_type":"image","media_urls":["a.png"]}"#, .init(kind: .image, text: "", mediaURLs: ["a.png"])),
        (#"{"message_type":"image","media_urls":"a.png"}"#, .init(kind: .image, text: "", mediaURLs: ["a.png"])),
        (
            #"{"content":null,"message_type":"Image","media_urls":[" a.png ",""]}"#,
            .init(kind: .image, text: "", mediaURLs: ["a.png"])
        ),
        (
            #"{"content":"Look","message_type":"multimodal","media_urls":["a","b"]}"#,
            .init(kind: .multimodal, text: "Look", mediaURLs: ["a", "b"])
        ),
        (#"{"content":"x","media_urls":["a"]}"#, .init(text: "x", mediaURLs: ["a"])),
        (
            #"{"message_type":"audio","audio_url":"a.mp3","audio_duration_seconds":15}"#,
            .init(kind: .audio, text: "", audioURL: "a.mp3", audioSeconds: 15)
        ),
        (
            #"{"message_type":"audio","audio_url":" a.mp3","audio_duration_seconds":"15"}"#,
            .init(kind: .audio, text: "", audioURL: "a.mp3", audioSeconds: 15)
        ),
        (
            #"{"message_type":"audio","audio_url":"a.mp3","audio_duration_seconds":15.0}"#,
            .init(kind: .audio, text: "", audioURL: "a.mp3", audioSeconds: 15)
        ),
        (
            #"{"message_type":"audio","audio_url":"a.mp3","audio_duration_seconds":0}"#,
            .init(kind: .audio, text: "", audioURL: "a.mp3", audioSeconds: 0)
        ),
        (
            #"{"message_type":"audio","audio_url":"a.mp3","audio_duration_seconds":300}"#,
            .init(kind: .audio, text: "", audioURL: "a.mp3", audioSeconds: 300)
        ),
    ])
    func `lenient forms of a message are accepted`(text: String, content: Message.Content) throws {
        #expect(try decode(text) == content)
    }

    @Test func `4,000 Unicode scalars are accepted`() throws {
        for unit in ["x", "é", "\u{1F373}"] {
            let text = String(repeating: unit, count: 4000)
            #expect(try decode("{\"content\":\"\(text)\"}").text == text)
            #expect(throws: Fault.self) { try decode("{\"content\":\"\(text)x\"}") }
        }
    }

    @Test(arguments: [
        (#"{"message_type":"audio","audio_url":"a","audio_duration_seconds":1.5}"#, "`audio_duration_seconds`"),
        (#"{"message_type":"audio","audio_url":"a","audio_duration_seconds":1e20}"#, "`audio_duration_seconds`"),
        (#"{"content":1e400}"#, "`content`"),
    ])
    func `an invalid number is rejected with its name`(text: String, field: String) async throws {
        do {
            _ = try decode(text)
            Issue.record("\(text) was taken.")
        } catch let error as DecodingError {
            #expect(BusCoding.explain(error).contains(field))
        } catch let fault as Fault {
            #expect(fault.message.contains(field))
        }
    }

    private func decode(_ text: String) throws -> Message.Content {
        try JSONDecoder().decode(MessageRequest.self, from: Data(text.utf8)).validated()
    }
}
