import Bus

/// The name of an answer: `chatcmpl-…`.
enum ChatID {
    static func new() -> String {
        "chatcmpl-" + String.randomHex(words: 2)
    }
}
