/// Finds the cause of a reported error: a pure function of its status, its codes and its words.
///
/// Providers use one status for several causes, and errors within a response have none, so codes and words are read first.
enum ErrorClassification {
    /// The cause; ``Cause/failed`` for an error that says nothing known.
    static func cause(of report: ErrorReport) -> Cause {
        if let cause = report.cause { return cause }
        let status = status(of: report)
        let codes = report.codes.map { $0.lowercased() }
        let message = (report.message ?? "").lowercased().filter { !"`'\"".contains($0) }
        if [nil, 400, 404, 422, 500, 501].contains(status), contains(message, toolWords) { return .toolsUnsupported }
        if [nil, 400, 404, 405].contains(status), isAboutPath(message, codes) { return .noInterface }
        if contains(codes, spentCodes) || contains(message, spentWords), isPlausible(status, [400, 402, 403, 429]) {
            return .spent
        }
        if contains(codes, contextCodes) || contains(message, contextWords),
            isPlausible(status, [400, 413, 422, 500, 503])
        {
            return .contextTooLong
        }
        if contains(codes, credentialCodes) || contains(message, credentialWords),
            isPlausible(status, [400, 401, 403])
        {
            return .credential
        }
        if let status { return cause(ofStatus: status, isExplained: report.message != nil) }
        return codes.lazy.compactMap { code in known.first { code.contains($0.word) }?.cause }.first
            ?? known.first { message.hasPrefix($0.word) }?.cause
            ?? knownWords.first { message.contains($0.words) }?.cause ?? .failed
    }

    /// Whether a server says that it has nothing at the path of the request, and not that a model is missing.
    private static func isAboutPath(_ message: String, _ codes: [String]) -> Bool {
        guard !contains(codes, ["model"]) else { return false }
        let words = message.split { !$0.isLetter && !$0.isNumber }.joined(separator: " ")
        return ["not found", "404 not found", "page not found", "404 page not found"].contains(words)
            || contains(message, pathWords)
    }

    /// The status of a response, or the one that the body of a stream names in its code.
    static func status(of report: ErrorReport) -> Int? {
        if let status = report.status { return status }
        return report.codes.lazy.compactMap(Int.init).first { (400...599).contains($0) }
    }

    private static func cause(ofStatus status: Int, isExplained: Bool) -> Cause {
        switch status {
        case 300..<400: .redirected
        case 401, 403: .credential
        case 402: .spent
        case 404, 405: isExplained ? .modelMissing : .noInterface
        case 413: .tooLarge
        case 429: .limited
        case 500: .failed
        case 501: .unsupported
        case 408, 409, 425, 502...: .overloaded
        case ..<300: .unreadable
        default: .rejected
        }
    }

    /// Whether a status permits a cause that the words suggest; an error within a stream has none.
    private static func isPlausible(_ status: Int?, _ statuses: [Int]) -> Bool {
        status.map(statuses.contains) ?? true
    }

    private static func contains(_ message: String, _ words: [String]) -> Bool {
        words.contains { message.contains($0) }
    }

    private static func contains(_ codes: [String], _ words: [String]) -> Bool {
        codes.contains { code in words.contains { code.contains($0) } }
    }

    /// Causes by parts of codes, for errors without a status.
    private static let known: [(word: String, cause: Cause)] = [
        ("rate_limit", .limited), ("ratelimit", .limited), ("rate limit", .limited), ("throttl", .limited),
        ("too_many_requests", .limited), ("toomanyrequests", .limited), ("too many requests", .limited),
        ("resource_exhausted", .limited), ("overloaded", .overloaded), ("unavailable", .overloaded),
        ("server_busy", .overloaded), ("insufficient_system_resource", .overloaded), ("timeout", .overloaded),
        ("deadline_exceeded", .overloaded),
        ("model_not_found", .modelMissing), ("modelnotfound", .modelMissing), ("not_found", .modelMissing),
        ("notfound", .modelMissing), ("too_large", .tooLarge), ("invalid_request", .rejected),
        ("invalidrequest", .rejected), ("badrequest", .rejected), ("bad_request", .rejected),
        ("invalid_argument", .rejected), ("invalidparameter", .rejected), ("failed_precondition", .rejected),
        ("validation", .rejected), ("value_error", .rejected), ("unprocessable", .rejected),
        ("content_policy", .rejected),
    ]

    /// Causes by parts of messages, for errors with neither a status nor a known code.
    private static let knownWords: [(words: String, cause: Cause)] = [
        ("rate limit", .limited), ("too many requests", .limited), ("requests per minute", .limited),
        ("tokens per minute", .limited), ("quota exceeded", .limited), ("throttled", .limited),
        ("overloaded", .overloaded), ("server is busy", .overloaded), ("service unavailable", .overloaded),
        ("currently unavailable", .overloaded), ("temporarily unavailable", .overloaded),
        ("at capacity", .overloaded), ("no healthy upstream", .overloaded), ("loading model", .overloaded),
        ("model is loading", .overloaded), ("model not found", .modelMissing), ("no such model", .modelMissing),
        ("unknown model", .modelMissing), ("not found, try pulling", .modelMissing), ("field required", .rejected),
        ("extra inputs are not permitted", .rejected),
    ]

    /// Parts of the messages of OpenAI, LM Studio and Express about a path that they do not serve.
    private static let pathWords = [
        "invalid url (", "unexpected endpoint or method", "unknown request url", "cannot post /",
    ]

    /// Parts of the codes and messages of vLLM, llama.cpp, Ollama, Anthropic, Gemini, Mistral, Groq, LM Studio, TGI,
    /// DashScope and OpenAI.
    private static let contextCodes = ["context_length_exceeded", "exceed_context_size", "context_window_exceeded"]
    private static let contextWords = [
        "context length", "context window", "maximum context", "context size", "context limit", "input token count",
        "prompt is too long", "prompt too long", "input is too long", "input length and max_tokens",
        "reduce the length of the messages", "reduce the length of the prompt", "inputs tokens + max_new_tokens",
        "range of input length should be", "too many tokens: total number of tokens in the prompt", "exceeds n_ctx",
        "exceeds the maximum number of tokens", "tokens to keep from the initial prompt",
        "too large for model with", "exceeds the models maximum", "exceed the models maximum",
    ]

    private static let spentCodes = [
        "insufficient_quota", "billing_hard_limit", "billing_not_active", "insufficient_balance",
        "insufficientbalance", "insufficient_credits", "insufficient_funds", "payment_required", "arrearage",
        "billing_error", "credit_exhausted", "quota_exhausted",
    ]
    private static let spentWords = [
        "credit balance is too low", "insufficient balance", "insufficient credit", "insufficient fund",
        "exceeded your current quota", "out of credits", "requires more credits", "spending limit", "spend limit",
        "billing hard limit", "payment required", "key limit exceeded", "balance is insufficient", "no credits",
        "account is in arrears", "overdue payment", "access denied, please make sure your account is in good standing",
    ]

    private static let credentialCodes = [
        "invalid_api_key", "invalidapikey", "authentication_error", "authenticationerror", "permission_error",
        "unauthorized", "unauthenticated", "invalid_authentication",
    ]
    private static let credentialWords = [
        "invalid api key", "incorrect api key", "api key not valid", "invalid x-api-key", "api key expired",
        "invalid api-key", "authentication failed", "no auth credentials",
    ]

    /// Parts of the messages of Ollama, llama.cpp, vLLM, OpenRouter, Groq, Gemini and OpenAI; servers have no code for it.
    private static let toolWords = [
        "not support tool", "support tool use", "tools param requires", "tool choice requires",
        "tool calling is not supported", "tool use is not supported", "tools is not supported",
        "tools are not supported",
        "not support function calling", "function calling is not enabled", "function calling is not supported",
    ]
}
