import Contracts
import Testing

@testable import InferenceService

/// Errors of servers whose model has no tools; they have no code of their own.
struct ToolRefusalTests {
    private func fault(_ status: Int, _ message: String) -> ProviderError {
        let faults = ProviderFaults(name: "Server", address: "http://server", setting: "SERVER_URL")
        return faults.reported(ErrorReport(status: status, message: message), model: "m")
    }

    @Test(arguments: [
        (400, "registry.ollama.ai/library/gemma:2b does not support tools"),
        (400, #""auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set"#),
        (500, "tools param requires --jinja flag"), (404, "No endpoints found that support tool use."),
        (400, "`tool calling` is not supported with this model"),
        (400, "Unsupported parameter: 'tools' is not supported with this model."),
        (400, "Function calling is not enabled for models/gemma-3-1b-it"),
    ])
    func `a refusal of tools has its own code, and another model may help`(status: Int, message: String) {
        let error = fault(status, message)
        #expect(error.fault.code == .toolsUnsupported && error.cause == .toolsUnsupported)
        #expect(error.fault.message.hasPrefix("The model m of Server does not support tools: "))
        #expect(!error.isOutage && error.status == status)
    }

    @Test(arguments: [
        (400, "Invalid 'tools[0].function.name': string does not match pattern.", Fault.Code.rejected),
        (400, "messages with role 'tool' must be a response to a preceding message with 'tool_calls'.", .rejected),
        (401, "This key does not support tools", .upstreamAuth), (429, "Tool use is not supported now", .limited),
        (503, "does not support tools", .unavailable), (500, "internal error in tool", .unavailable),
    ])
    func `other errors keep their code`(status: Int, message: String, code: Fault.Code) {
        #expect(fault(status, message).fault.code == code)
    }
}
