import Foundation

/// Validates a conversation as Google's servers do, with their messages.
struct FakeGeminiRules {
    private typealias Object = FakeGeminiBody.Object

    private static let types = [
        "image/png", "image/jpeg", "image/webp", "image/heic", "image/heif", "audio/wav", "audio/x-wav", "audio/mp3",
        "audio/mpeg", "audio/aiff", "audio/aac", "audio/ogg", "audio/flac", "application/pdf", "text/plain",
        "video/mp4",
    ]

    let model: FakeGeminiModel
    let files: FakeGeminiFiles

    /// Throws the error of the first violated rule.
    func check(_ body: FakeGeminiBody) throws {
        let contents = body.members("contents")
        guard !contents.isEmpty else {
            throw FakeGeminiRefusal("* GenerateContentRequest.contents: contents is not specified\n")
        }
        for (index, content) in contents.enumerated() {
            guard let parts = content["parts"] as? [Object], !parts.isEmpty else {
                throw FakeGeminiRefusal(
                    "* GenerateContentRequest.contents[\(index)].parts: contents.parts must not be empty.\n"
                )
            }
            guard ["user", "model", "function", nil].contains(content["role"] as? String) else {
                throw FakeGeminiRefusal("Please use a valid role: user, model.")
            }
            for (place, part) in parts.enumerated() { try check(part, "contents[\(index)].parts[\(place)]") }
        }
        try checkCalls(contents)
        if model.isStrict { try checkSignatures(contents) }
        let configuration = body.member("generationConfig") ?? [:]
        if let stop = configuration["stopSequences"] as? [String], stop.count > 5 {
            throw FakeGeminiRefusal(
                "* GenerateContentRequest.generation_config.stop_sequences: at most 5 stop sequences may be specified\n"
            )
        }
        if configuration["thinkingConfig"] != nil, !model.isThinking {
            throw FakeGeminiRefusal("Thinking is not enabled for models/\(model.name)")
        }
        if model.name.hasPrefix("gemma-3"), body.object["systemInstruction"] != nil {
            throw FakeGeminiRefusal("Developer instruction is not enabled for models/\(model.name)")
        }
    }

    private func check(_ part: Object, _ place: String) throws {
        if let data = part["inlineData"] as? Object {
            let type = data["mimeType"] as? String ?? ""
            guard Self.types.contains(type) else { throw FakeGeminiRefusal("Unsupported MIME type: \(type)") }
            let text = (data["data"] as? String ?? "").replacing("-", with: "+").replacing("_", with: "/")
            guard let bytes = Data(base64Encoded: text), !bytes.isEmpty else {
                throw FakeGeminiRefusal(
                    "Invalid value at '\(place).inline_data.data' (TYPE_BYTES), Base64 decoding failed for \"\""
                )
            }
        }
        if let file = part["fileData"] as? Object, !files.isReady(file["fileUri"] as? String ?? "") {
            throw FakeGeminiRefusal("You do not have permission to access the File or it may not exist.")
        }
    }

    /// Tool calls are followed by the same number of responses.
    private func checkCalls(_ contents: [Object]) throws {
        for (content, next) in zip(contents, contents.dropFirst()) {
            let calls = Self.count("functionCall", in: content)
            guard calls == Self.count("functionResponse", in: next) else {
                throw FakeGeminiRefusal(
                    "Please ensure that the number of function response parts is equal to the number of function call "
                        + "parts of the function call turn."
                )
            }
        }
    }

    /// After the last user message, the first call of each turn has a signature.
    private func checkSignatures(_ contents: [Object]) throws {
        let question = contents.lastIndex { content in
            content["role"] as? String != "model" && Self.count("functionResponse", in: content) == 0
        }
        for (index, content) in contents.enumerated().dropFirst(question ?? 0) {
            let parts = content["parts"] as? [Object] ?? []
            guard let part = parts.first(where: { $0["functionCall"] != nil }), part["thoughtSignature"] == nil else {
                continue
            }
            let name = (part["functionCall"] as? Object)?["name"] as? String ?? ""
            throw FakeGeminiRefusal(
                "Function call is missing a thought_signature in functionCall parts. This is required for tools to work "
                    + "correctly, and missing thought_signature may lead to degraded model performance. Additional data, "
                    + "function call `default_api:\(name)` , position \(index + 1). Please refer to "
                    + "https://ai.google.dev/gemini-api/docs/thought-signatures for more details."
            )
        }
    }

    private static func count(_ name: String, in content: Object) -> Int {
        (content["parts"] as? [Object] ?? []).count { $0[name] != nil }
    }
}
