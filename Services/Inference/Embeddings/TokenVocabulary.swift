import Contracts
import Foundation

/// The vocabulary `cl100k_base`, with which clients such as LangChain turn texts into numbers of tokens.
struct TokenVocabulary: Sendable {
    /// The file is not a vocabulary; contains the reason.
    struct Invalid: Error, Equatable {
        let reason: String
    }

    private static let sizeLimit = 16 << 20
    private static let tokenLimit = 1 << 20
    /// Tokens that the file does not list.
    private static let special = [
        100_257: "<|endoftext|>", 100_258: "<|fim_prefix|>", 100_259: "<|fim_middle|>", 100_260: "<|fim_suffix|>",
        100_276: "<|endofprompt|>",
    ]

    private var bytes: [UInt8] = []
    /// The place of each token in ``bytes``; empty for a number without a token.
    private var places: [Range<Int>] = []

    /// Reads a file in tiktoken's format: lines with a token in base64 and its number.
    init(_ file: Data) throws(Invalid) {
        guard file.count <= Self.sizeLimit else { throw Invalid(reason: "it is larger than \(Self.sizeLimit) bytes") }
        for (index, line) in file.split(separator: UInt8(ascii: "\n")).enumerated() {
            let parts = line.split(separator: UInt8(ascii: " "))
            guard parts.count == 2, let token = Data(base64Encoded: Data(parts[0])), !token.isEmpty,
                let number = Int(String(decoding: parts[1], as: UTF8.self)), (0..<Self.tokenLimit).contains(number)
            else { throw Invalid(reason: "line \(index + 1) is not a token in base64 and its number") }
            add(token, number)
        }
        guard !places.isEmpty else { throw Invalid(reason: "it is empty") }
        for (number, token) in Self.special where !has(number) { add(Data(token.utf8), number) }
    }

    private mutating func add(_ token: Data, _ number: Int) {
        if number >= places.count {
            places += Array(repeating: 0..<0, count: number + 1 - places.count)
        }
        places[number] = bytes.count..<(bytes.count + token.count)
        bytes += token
    }

    private func has(_ number: Int) -> Bool {
        places.indices.contains(number) && !places[number].isEmpty
    }

    /// Returns the text of tokens; bytes that are not UTF-8 are replaced after all bytes are joined, because a character
    /// can have several tokens.
    ///
    /// Throws `invalid` for a number without a token; `index` is the position of the text in the request.
    func text(of numbers: [Int], index: Int) throws(Fault) -> String {
        var text: [UInt8] = []
        for (position, number) in numbers.enumerated() {
            guard has(number) else {
                throw Fault(
                    .invalid,
                    "input[\(index)][\(position)] is \(number), which is not a token of the vocabulary cl100k_base."
                )
            }
            text += bytes[places[number]]
        }
        return String(decoding: text, as: UTF8.self)
    }
}
