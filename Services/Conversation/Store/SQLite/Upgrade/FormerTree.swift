/// The messages of one conversation in the form of schema versions 1 to 5, and the paths that they become.
///
/// In that form the selected path was marked in the messages, `parent` was the last message on the path when a message
/// was stored, and `isChosen` marked the sibling that was last on the path. The selected path becomes the root path; each
/// other message gets a place on a path that forks from the root path or from another one, its home, so that
///
/// - the home, followed backwards from a message, has the messages that preceded it before;
/// - the home, followed from a message to its end, has the messages with which selecting the message continued before.
///
/// A message can be on further paths, because a question that was asked before the previous answer was stored followed
/// each of several answers.
///
/// Pure.
struct FormerTree {
    struct Message: Sendable, Equatable {
        var number: Int64
        var position: Int
        /// Whether the message is on the selected path.
        var isOnPath: Bool
        /// Whether it was the last of its siblings on the path.
        var isChosen: Bool
        /// Whether its role is not the assistant's.
        var isAnswerable: Bool
        /// The number of a message at an earlier position; `nil` if there is none.
        var parent: Int64?
    }

    /// A path other than the root path.
    struct Fork: Sendable, Equatable {
        /// Index of the fork from which it forks; `nil` for the root path.
        var parent: Int?
        /// The first position that is not taken from the parent path.
        var forksAt: Int
        /// Its own messages, by increasing position.
        var messages: [Message]
        /// Messages after ``messages`` whose homes are other paths, by increasing position.
        var tail: [Message] = []
        /// Greater than that of its parent path, and of the homes of the messages in ``tail``; at least 1.
        var rank = 0
    }

    /// Where replies to a message are.
    private struct Place: Hashable {
        var parent: Int64
        var position: Int
    }

    private let messages: [Int64: Message]
    /// The replies to each message, by increasing number.
    private let replies: [Place: [Message]]
    /// The chosen ones of them.
    private let chosenReplies: [Place: Message]
    /// The positions of the selected path, in increasing order.
    private let pathPositions: [Int]

    init(_ messages: [Message]) {
        self.messages = Dictionary(messages.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
        var replies: [Place: [Message]] = [:]
        for message in messages.sorted(by: { $0.number < $1.number }) {
            guard let parent = message.parent else { continue }
            replies[Place(parent: parent, position: message.position), default: []].append(message)
        }
        self.replies = replies
        chosenReplies = replies.compactMapValues { $0.last(where: \.isChosen) }
        pathPositions = messages.filter(\.isOnPath).map(\.position).sorted()
    }

    /// Returns the paths beside the root path; each follows the one from which it forks.
    func forks() -> [Fork] {
        var forks: [Fork] = []
        var homes: [Int64: Int] = [:]
        let others = messages.values.filter { !$0.isOnPath }
        for message in others.sorted(by: { ($0.position, $0.number) < ($1.position, $1.number) }) {
            let predecessor = predecessor(of: message)
            let home = predecessor.flatMap { homes[$0.number] }
            if let predecessor, let home, next(after: predecessor) == message {
                forks[home].messages.append(message)
                homes[message.number] = home
                continue
            }
            let position = predecessor?.position ?? lastPathPosition(before: message.position)
            homes[message.number] = forks.count
            forks.append(Fork(parent: home, forksAt: position.map { $0 + 1 } ?? 0, messages: [message]))
        }
        for index in forks.indices { forks[index].tail = tail(of: forks[index]) }
        for index in forks.indices { rank(index, &forks, homes) }
        return forks
    }

    /// Returns the messages of other paths with which selecting the last message of a path continued.
    private func tail(of fork: Fork) -> [Message] {
        var tail: [Message] = []
        var last = fork.messages.last
        while let message = last {
            last = next(after: message)
            if let last { tail.append(last) }
        }
        return tail
    }

    /// Sets the rank of a path, and first those of the paths that it depends on.
    private func rank(_ index: Int, _ forks: inout [Fork], _ homes: [Int64: Int]) {
        guard forks[index].rank == 0 else { return }
        // Ends a cycle, which only a damaged file can have.
        forks[index].rank = 1
        for other in [forks[index].parent, forks[index].tail.first.flatMap { homes[$0.number] }].compactMap(\.self) {
            rank(other, &forks, homes)
            forks[index].rank = max(forks[index].rank, forks[other].rank + 1)
        }
    }

    /// Returns the message before a message off the selected path, if that one is off the path as well; otherwise the
    /// selected path precedes the message.
    private func predecessor(of message: Message) -> Message? {
        guard let parent = message.parent.flatMap({ messages[$0] }) else { return nil }
        // A question asked before the previous answer was stored has the previous question as its parent.
        if message.isAnswerable, parent.isAnswerable, let answer = answer(between: parent, and: message),
            !answer.isOnPath, answer.position < message.position
        {
            return answer
        }
        return parent.isOnPath ? nil : parent
    }

    /// Returns the message that follows a message when that message is selected.
    private func next(after message: Message) -> Message? {
        if let next = chosenReply(to: message.number, at: message.position + 1) { return next }
        // Questions in a row have every other position; so do answers of imported conversations.
        let second = chosenReply(to: message.number, at: message.position + 2)
        if second != nil || message.isAnswerable { return second }
        guard let question = message.parent.flatMap({ messages[$0] }), message.position == question.position + 1,
            let next = chosenReply(to: question.number, at: message.position + 1)
        else { return nil }
        // The selected message is the chosen answer; only an answer that was stored after `next` precedes it.
        return (firstAnswer(to: question, after: next) ?? message) == message ? next : nil
    }

    /// Returns the answer that precedes a message whose parent is the answered question: the first one stored after the
    /// message, otherwise the chosen one.
    private func answer(between question: Message, and next: Message) -> Message? {
        firstAnswer(to: question, after: next) ?? chosenReply(to: question.number, at: question.position + 1)
    }

    private func firstAnswer(to question: Message, after message: Message) -> Message? {
        let answers = replies[Place(parent: question.number, position: question.position + 1)] ?? []
        let index = answers.partitionPoint { $0.number <= message.number }
        return index < answers.count ? answers[index] : nil
    }

    private func chosenReply(to parent: Int64, at position: Int) -> Message? {
        chosenReplies[Place(parent: parent, position: position)]
    }

    private func lastPathPosition(before position: Int) -> Int? {
        let index = pathPositions.partitionPoint { $0 < position }
        return index == 0 ? nil : pathPositions[index - 1]
    }
}

extension Array {
    /// Returns the index of the first element that does not match, if all matching elements are at the beginning.
    fileprivate func partitionPoint(_ matches: (Element) -> Bool) -> Int {
        var (lower, upper) = (0, count)
        while lower < upper {
            let middle = lower + (upper - lower) / 2
            if matches(self[middle]) { lower = middle + 1 } else { upper = middle }
        }
        return lower
    }
}
