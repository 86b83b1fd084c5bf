import Testing

@testable import ConversationService

/// Names of transcript files, for user names that are meant to do harm.
struct TranscriptFileNameTests {
    /// More than 200 names that attack paths, encodings, lengths and comparisons.
    static let hostile: [String] = {
        var names = [
            ".", "..", "...", "/", "//", "../", "../..", "../../etc/passwd", "/etc/passwd", "..\\..\\x", "~", "~root",
            "~/x", "-", "--help", "-rf", "a/../../b", "a/./b", "a//b", "./a", "a/", "/a", ".hidden", "..hidden", "a..",
            "a.", "a. ", " a", "a ", " ", "\t", "\n", "a\nb", "\r\n", "\0", "a\0b", "\0/x", "\u{7F}", "\u{1B}[2J",
            "%", "%%", "%2e", "%2E", "%2e%2e", "%2e%2e%2f", "%2F", "%00", "%252e", "a%", "a%2", "%zz", "%2e_memory.txt",
            "_memory.txt", "a_memory.txt", "a_memory", "_memory", ".draft", ".draft_memory.txt", "conversation.sqlite",
            "é", "e\u{301}", "\u{212B}", "\u{C5}", "A\u{30A}", "ﬀ", "ff", "ß", "SS", "ss", "İ", "i\u{307}", "ı",
            "\u{202E}txt.exe", "\u{200B}", "a\u{200B}", "\u{200D}", "\u{FEFF}", "\u{FEFF}a", "\u{2028}", "\u{2215}",
            "\u{FF0E}\u{FF0E}\u{FF0F}", "\u{2024}\u{2024}/", "a\u{0301}\u{0301}", "🍳", "👨‍👩‍👧", "漢字", "مرحبا", "\u{10FFFF}",
            "CON", "PRN", "NUL", "COM1", "con.txt", "a:b", "a::$DATA", "a*b", "a?b", "a|b", "a<b", "a>b", "\"", "'",
            "`",
            "$HOME", "$(id)", "`id`", ";rm -rf /", "&", "&&", "|", "!", "#", "a=b", "[a]", "{a}", "{a,b}", "*", "?",
            "user123", "User123", "USER123", "user_123", "user-123", "user.123", "user@example.org", "a+b", "0", "00",
        ]
        for length in [1, 81, 82, 83, 84, 85, 100, 170, 178, 179, 180, 200, 243, 244, 245, 254, 255, 256, 1000] {
            names += [
                String(repeating: "a", count: length), String(repeating: "/", count: length),
                String(repeating: "é", count: length), String(repeating: "a", count: length) + "b",
                String(repeating: ".", count: length), String(repeating: "%2e", count: length),
            ]
        }
        // A name that was cut must not be confused with the names that others can choose.
        names += names.map { TranscriptFileName.name(of: $0) }
        return Array(Set(names.map { Array($0.utf8) })).map { String(decoding: $0, as: UTF8.self) }
    }()

    @Test func `names are plain, short and different`() {
        #expect(Self.hostile.count > 200)
        let names = Self.hostile.map { TranscriptFileName.name(of: $0) }
        #expect(Set(names.map { Array($0.utf8) }).count == names.count)
        // Not even a file system that ignores case or normalization confuses different characters.
        for name in names {
            #expect(name.utf8.count <= 255 && name.hasSuffix("_memory.txt"))
            #expect(name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") && $0 != 0x5C })
            #expect(!name.hasPrefix("."))
        }
    }

    @Test func `the owner of a file is found`() {
        for user in Self.hostile {
            let name = TranscriptFileName.name(of: user)
            switch TranscriptFileName.owner(of: name) {
            case .user(let owner)?: #expect(owner.utf8.elementsEqual(user.utf8))
            case .longName?: #expect(user.utf8.count > 81)
            case nil: Issue.record("\(name) has no owner.")
            }
        }
    }

    @Test(arguments: [
        ("user123", "user123_memory.txt"), ("a b", "a%20b_memory.txt"), ("../x", "%2E.%2Fx_memory.txt"),
        ("é", "%C3%A9_memory.txt"), ("a%2e", "a%252e_memory.txt"),
    ])
    func `short names are percent-encoded`(_ user: String, _ name: String) {
        #expect(TranscriptFileName.name(of: user) == name)
    }

    @Test(arguments: [
        "notes.txt", "a", "%zz_memory.txt", "%2_memory.txt", "%_memory.txt", "%61_memory.txt", "a b_memory.txt",
        "%ff_memory.txt", "%FF_memory.txt", ".a_memory.txt", "%2ea_memory.txt",
    ])
    func `other files have no owner`(_ name: String) {
        #expect(TranscriptFileName.owner(of: name) == nil)
    }
}
