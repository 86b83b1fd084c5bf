import Bus
import Contracts

/// Decides what a request for a turn means, and stores the turn.
///
/// A request that is repeated with the same idempotency key returns the existing run.
struct TurnAcceptance: Sendable {
    let store: any RunStore
    let runs: LiveRuns
    let usage: TurnUsage
    let toolRunner: (any ToolRunner)?

    /// What a request asks for.
    enum Request: Sendable {
        /// The request is a repeat of a run that is queued, in progress or finished with a final result.
        case known(Run.ID)
        /// A new run; `question` is the stored question that is answered again, and `options` are those of the request,
        /// otherwise of its last run.
        case new(StartTurn.Cause, question: Message?, options: Run.Options?)
    }

    /// The result of storing a turn.
    enum Outcome: Sendable {
        case started(pathVersion: Int)
        /// The idempotency key is already stored for this run; nothing was written.
        case duplicate(Run.ID)
        /// A quota was set meanwhile; nothing was written.
        case needsEstimate
    }

    /// Looks up what a request asks for.
    ///
    /// Throws `key_reused` if its key was used with another message, `invalid`, `missing`.
    func resolve(_ request: Runs.Start) async throws -> Request {
        if let key = request.idempotencyKey,
            let known = try await store.findRun(of: key, in: request.conversation)
        {
            try Self.check(request, against: known.question.content, known.options)
            let (run, question) = (known.run, known.question)
            guard run.status == .failed else { return .known(run.id) }
            return .new(.retry(question.id, of: run.id), question: question, options: known.options)
        }
        return try await newTurn(request)
    }

    /// Resolves a send, edit or regenerate.
    private func newTurn(_ request: Runs.Start) async throws -> Request {
        try checkTools(request.options?.tools ?? [])
        if let content = request.content {
            guard !content.text.utf8.contains(0) else {
                throw Fault(.invalid, "The text contains the character U+0000, which cannot be stored. Remove it.")
            }
            guard let id = request.insteadOf else {
                return .new(.message(content), question: nil, options: request.options)
            }
            let message = try await store.findMessage(id, orItsQuestion: false, in: request.conversation).get()
            guard message.role == .user else {
                throw Fault(.invalid, "Only a user's message can be edited. Regenerate an answer instead.")
            }
            return .new(.edit(id, content), question: nil, options: request.options)
        }
        guard let id = request.insteadOf else {
            throw Fault(.invalid, "Either `content` or a message to answer again is required.")
        }
        let question = try await store.findMessage(id, orItsQuestion: true, in: request.conversation).get()
        var options = request.options
        if options == nil, let run = question.run { options = try await store.options(of: run) }
        return .new(.regenerate(question.id), question: question, options: options)
    }

    private func checkTools(_ names: [String]) throws(Fault) {
        guard !names.isEmpty else { return }
        guard let toolRunner else { throw Fault(.invalid, "No tools are available.") }
        try toolRunner.check(names)
    }

    /// Throws `key_reused` if a request with a known key has another message or other options.
    static func check(_ request: Runs.Start, against content: Message.Content, _ options: Run.Options?) throws {
        // A regeneration without options uses those of the last run.
        let isInherited = request.content == nil && request.options == nil
        let isSame = isInherited || (request.options ?? Run.Options()) == (options ?? Run.Options())
        guard isSame, request.content == nil || request.content == content else {
            throw Fault(
                .keyReused,
                "This idempotency key was used with another message or model. Repeat the original request, or use a new key."
            )
        }
    }

    /// Commits the question and the run, then publishes the first event.
    ///
    /// If it throws or nothing was written, the readers of the run get a fault.
    func store(_ turn: LiveTurn, _ startTurn: StartTurn, of user: String) async throws -> Outcome {
        let liveRun = turn.liveRun
        do {
            try runs.add(liveRun, of: user, key: turn.context.principal?.key)
            switch try await store.startTurn(startTurn) {
            case .started(let question, let pathVersion):
                liveRun.start(with: question)
                return .started(pathVersion: pathVersion)
            case .duplicate(let run):
                reject(liveRun, Self.collision)
                return .duplicate(run)
            case .needsEstimate:
                reject(liveRun, Self.collision)
                return .needsEstimate
            case .refused(let fault): throw fault
            }
        } catch {
            reject(liveRun, error as? Fault)
            throw error
        }
    }

    private static let collision = Fault(
        .unavailable,
        "The same request is already being processed. Send it again.",
        retryAfter: 1
    )

    private func reject(_ liveRun: LiveRun, _ fault: Fault?) {
        runs.remove(liveRun)
        liveRun.finish(nil, end: Run.End(status: .failed, assistantMessage: nil, fault: fault))
    }
}

extension Runs.Start {
    /// The idempotency key with its scope: send, edit or regenerate of a message.
    var idempotencyKey: IdempotencyKey? {
        guard let key else { return nil }
        let route =
            switch (content, insteadOf) {
            case (nil, let message?): "regenerate \(message)"
            case (_, let message?): "edit \(message)"
            case (_, nil): "send"
            }
        return IdempotencyKey(route: route, key: key)
    }
}
