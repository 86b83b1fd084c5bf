import Contracts
import NIOCore

/// The part of a prompt that is sent to the model, in the form of the persona.
struct SentPrompt {
    var system: String
    var messages: [ByteBuffer]
    var report: Run.ContextReport
    /// Ends the answer, beside the sequences of the request.
    private var ownStop: String?

    /// Creates what is sent of a prompt: the selected messages, which fit into the model's window.
    init(_ prompt: Generation.Prompt, _ selection: ContextWindow.Selection, _ report: Run.ContextReport) throws {
        let newest = prompt.history.encodedMessages(selection)
        switch prompt.form {
        case .messages: (system, messages, self.report) = (prompt.system, newest, report)
        case .transcript:
            let transcript = try TranscriptPrompt(instruction: prompt.system, encoded: newest)
            (system, messages, self.report) = ("", [transcript.message], transcript.report(report))
            ownStop = TranscriptPrompt.stop
        }
    }

    /// Returns the sequences that stop the generation of a model.
    func stop(_ requested: [String]?, for model: String) -> [String]? {
        // OpenAI's reasoning models reject the parameter; the generation is then left when the sequence arrives.
        guard let ownStop, !model.hasPrefix("openai/") else { return requested }
        // Providers allow four.
        return Array((requested ?? []).prefix(3)) + [ownStop]
    }
}
