import Bus

/// Creates the identifier of a completion: `chatcmpl-…`.
enum ChatCompletionID {
    static func new() -> String {
        "chatcmpl-" + String.randomHex(words: 2)
    }
}
