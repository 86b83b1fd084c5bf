import Contracts

/// The text of an answer as it arrives, in the form of the persona.
struct AnswerText {
    private var transcript: TranscriptAnswer?

    init(_ form: StoredPersona.PromptForm) {
        transcript = form == .transcript ? TranscriptAnswer() : nil
    }

    /// Whether the rest of the model's text is not part of the answer.
    var isEnded: Bool { transcript?.isEnded ?? false }

    /// Returns what can be shown after a piece of the model's text.
    mutating func append(_ text: String, as kind: RunStep.Chunk.Kind) -> String {
        guard kind == .text, transcript != nil else { return text }
        return transcript?.append(text) ?? text
    }

    /// Returns the rest after the last piece.
    mutating func finish() -> String {
        transcript?.finish() ?? ""
    }
}
