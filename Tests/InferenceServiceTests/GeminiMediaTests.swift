import Contracts
import Testing

@testable import InferenceService

@Suite struct GeminiMediaTests {
    private let media = GeminiMedia(passesAddresses: true)

    @Test(arguments: [
        ("data:image/png;base64,aGk=", GeminiPart.data("aGk=", type: "image/png")),
        ("DATA:IMAGE/JPG;base64,aGk", .data("aGk=", type: "image/jpeg")),
        ("data:image/webp;charset=x;BASE64,-_8", .data("+/8=", type: "image/webp")),
        ("data:image/heic;base64,aGk%3D", .data("aGk=", type: "image/heic")),
        ("gs://bucket/a.PNG", .file("gs://bucket/a.PNG", type: "image/png")),
        (
            "https://generativelanguage.googleapis.com/v1beta/files/abc",
            .file("https://generativelanguage.googleapis.com/v1beta/files/abc", type: nil)
        ),
    ])
    func `supported images become parts`(_ url: String, _ wanted: GeminiPart) throws {
        #expect(try media.image(Inference.Image(url: url)) == wanted)
    }

    @Test(arguments: [
        ("https://example.org/a.png", "does not fetch images from the web"), ("http://here/gx", "does not fetch"),
        ("file:///etc/passwd", "does not fetch"), ("", "does not fetch"), ("data:image/png", "without data"),
        ("data:image/gif;base64,aGk=", "type image/gif"), ("data:;base64,aGk=", "type unknown"),
        ("data:text/html;base64,aGk=", "type text/html"), ("data:image/png,aGk=", "not base64"),
        ("data:image/png;base64,", "not base64"), ("data:image/png;base64,a", "not base64"),
        ("data:image/png;base64,aGk=aGk=", "not base64"), ("data:image/png;base64,aG k=", "not base64"),
        ("data:image/png;base64,aGk==", "not base64"), ("data:image/png;base64,====", "not base64"),
        ("data:image/png;base64,aé==", "not base64"),
    ])
    func `other images are rejected with a reason, and another model may be tried`(_ url: String, _ why: String) throws
    {
        let error = try #require(throws: ProviderError.self) { try media.image(Inference.Image(url: url)) }
        #expect(error.fault.code == .invalid)
        #expect(error.fault.message.contains(why))
        #expect(error.fault.message.hasSuffix("."))
        #expect(error.cause == .unsupported)
    }

    @Test(arguments: [
        "gs://bucket/a.png", "https://generativelanguage.googleapis.com/v1beta/files/abc", "http://10.0.0.5/a.png",
    ])
    func `a server other than Google's own receives no addresses`(_ url: String) throws {
        let media = GeminiMedia(passesAddresses: false)
        let error = try #require(throws: ProviderError.self) { try media.image(Inference.Image(url: url)) }
        #expect(error.fault.code == .invalid && error.fault.message.contains("data: URL"))
    }

    @Test(arguments: [
        ("wav", "audio/wav"), ("mp3", "audio/mp3"), ("MP3", "audio/mp3"), ("aiff", "audio/aiff"), ("aac", "audio/aac"),
        ("ogg", "audio/ogg"), ("flac", "audio/flac"),
    ])
    func `supported audio becomes a part`(_ format: String, _ type: String) throws {
        #expect(try media.audio(Inference.Audio(data: "aGk=", format: format)) == .data("aGk=", type: type))
    }

    @Test(arguments: ["webm", "m4a", "opus", "pcm16", ""])
    func `other audio formats are rejected with a reason`(_ format: String) throws {
        let error = try #require(throws: ProviderError.self) {
            try media.audio(Inference.Audio(data: "aGk=", format: format))
        }
        #expect(error.fault.message.contains("It supports wav, mp3, aiff, aac, ogg and flac"))
        #expect(error.cause == .unsupported)
        #expect(throws: ProviderError.self) { try media.audio(Inference.Audio(data: "?", format: "wav")) }
    }
}
