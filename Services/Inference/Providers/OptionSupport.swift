import Contracts
import JSON

/// The options of a request that a dialect writes, by their names in OpenAI's API.
struct OptionSupport: Sendable, Equatable {
    let names: Set<String>
    /// Whether options with other names are passed on unchanged.
    var passesUnknown = false

    init(_ names: Set<String>, passesUnknown: Bool = false) {
        self.names = names
        self.passesUnknown = passesUnknown
    }

    /// The options of a request that are not written, in order; `nil` for none.
    func ignored(in options: Inference.Options) -> [String]? {
        guard !passesUnknown else { return nil }
        let ignored = options.names.filter { !names.contains($0) }
        return ignored.isEmpty ? nil : ignored
    }
}

extension Inference.Options {
    /// The names of the options that are set, as in OpenAI's API.
    fileprivate var names: [String] {
        let known: [(String, Bool)] = [
            ("max_tokens", maxTokens != nil), ("stop", stop?.isEmpty == false), ("temperature", temperature != nil),
            ("seed", seed != nil), ("top_p", topP != nil), ("top_k", topK != nil), ("min_p", minP != nil),
            ("frequency_penalty", frequencyPenalty != nil), ("presence_penalty", presencePenalty != nil),
            ("logprobs", logprobs != nil), ("top_logprobs", topLogprobs != nil),
            ("parallel_tool_calls", parallelToolCalls != nil), ("reasoning_effort", reasoningEffort != nil),
        ]
        return known.compactMap { $1 ? $0 : nil } + extraMembers.map(\.name)
    }

    /// The members of ``extra`` with their values as JSON; none if it is not an object.
    var extraMembers: [(name: String, value: String)] {
        guard var text = extra?.text else { return [] }
        return text.withUTF8 { bytes in
            var members: [(String, String)] = []
            do {
                var json = JSONScanner(UnsafeRawBufferPointer(bytes))
                try json.object { name, json in
                    let value = String(decoding: try json.raw(), as: UTF8.self)
                    if let name = name.text { members.append((name, value)) }
                }
            } catch {
                return []
            }
            return members
        }
    }
}
