import Bus

/// The name of an answer: `chatcmpl-…`.
enum ChatCompletionID {
    static func new() -> String {
        "chatcmpl-" + String.randomHex(words: 2)
    }
}
