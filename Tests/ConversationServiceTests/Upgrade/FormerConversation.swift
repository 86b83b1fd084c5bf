/// A conversation that is stored and branched by the rules of schema versions 2 to 5, for comparison with an upgraded one.
///
/// `path`, `ancestors` and `select` are what Parley answered before the upgrade.
struct FormerConversation {
    struct Item: Equatable {
        var number: Int64
        var position: Int
        var role: String
        var parent: Int64?
        var sibling = 0
        var isOnPath = true
        var isChosen = true

        var isQuestion: Bool { role == "user" }
        var isAnswerable: Bool { role != "assistant" }
    }

    /// A run that has not ended.
    struct Pending: Equatable {
        var question: Int64
        var replaces: Int64?
    }

    private(set) var items: [Int64: Item] = [:]
    private(set) var pending: [Pending] = []
    private(set) var pathVersion = 0

    /// The numbers of the messages on the selected path.
    var path: [Int64] { items.values.filter(\.isOnPath).sorted { $0.position < $1.position }.map(\.number) }
    /// Whether no two messages of the path have the same position, which the file did not allow.
    var isStorable: Bool { Set(items.values.filter(\.isOnPath).map(\.position)).count == path.count }
    private var last: Item? { items.values.filter(\.isOnPath).max { $0.position < $1.position } }

    /// Stores a conversation that was imported with these roles, or a greeting.
    mutating func load(_ roles: [String], from number: Int64) {
        for (index, role) in roles.enumerated() {
            let isEven = role == "assistant"
            let position = last.map { $0.position + ($0.position.isMultiple(of: 2) == isEven ? 2 : 1) }
            let item = Item(
                number: number + Int64(index),
                position: position ?? (isEven ? 0 : 1),
                role: role,
                parent: last?.number
            )
            items[item.number] = item
        }
    }

    // MARK: Turns

    mutating func send(_ number: Int64) {
        let position = last.map { $0.position + ($0.position.isMultiple(of: 2) ? 1 : 2) } ?? 1
        insert(Item(number: number, position: position, role: "user", parent: last?.number))
        pending.append(Pending(question: number))
    }

    mutating func edit(_ question: Int64, as number: Int64) {
        guard let other = items[question] else { return }
        insert(Item(number: number, position: other.position, role: "user", parent: other.parent, isOnPath: false))
        if let item = items[number] { endPath(at: item) }
        pathVersion += 1
        pending.append(Pending(question: number))
    }

    mutating func regenerate(_ question: Int64) {
        guard let item = items[question] else { return }
        let answer = chosenReply(to: question, at: item.position + 1)
        if answer != nil || !item.isOnPath { endPath(at: item) }
        pathVersion += 1
        pending.append(Pending(question: question, replaces: answer?.number))
    }

    /// Ends the run that started first, with an answer or without.
    mutating func finish(withAnswer number: Int64?) {
        guard !pending.isEmpty else { return }
        let run = pending.removeFirst()
        guard let question = items[run.question] else { return }
        guard let number else { return restore(run, question) }
        let place = question.position + 1
        let count = nextSibling(after: question.number, at: place, role: "assistant")
        let isOnPath = question.isOnPath && (count == 0 || canReplaceAnswer(to: question))
        if isOnPath, count > 0, let previous = onPath(at: place) { items[previous.number]?.isOnPath = false }
        var answer = Item(number: number, position: place, role: "assistant", parent: question.number, sibling: count)
        answer.isOnPath = isOnPath
        items[number] = answer
        let chosen = question.isOnPath && !isOnPath ? onPath(at: place) ?? answer : answer
        if count > 0 { markChosen(chosen) }
        if !isOnPath || count > 0 { pathVersion += 1 }
    }

    private func canReplaceAnswer(to question: Item) -> Bool {
        let follower = onPath(at: question.position + 2)
        return follower == nil || follower?.parent == question.number
    }

    private mutating func restore(_ run: Pending, _ question: Item) {
        guard let previous = run.replaces.flatMap({ items[$0] }), question.isOnPath,
            onPath(at: question.position + 1) == nil
        else { return }
        if last?.number == question.number { select(previous.number) } else { putOnPath(previous) }
        pathVersion += 1
    }

    private mutating func insert(_ item: Item) {
        var item = item
        item.sibling = nextSibling(after: item.parent, at: item.position, role: item.role)
        items[item.number] = item
        if item.sibling > 0, item.isOnPath { markChosen(item) }
    }

    // MARK: Paths

    mutating func select(_ number: Int64) {
        guard let item = items[number], !item.isOnPath else { return }
        endPath(at: item)
        var tip = item
        while let next = nextStep(after: tip) {
            putOnPath(next)
            tip = next
        }
    }

    /// Returns the numbers of the messages that lead to a message, oldest first, including the message.
    func ancestors(of number: Int64) -> [Int64] {
        guard let item = items[number] else { return [] }
        let steps = offPathAncestors(to: item)
        let shared = steps.last.map { $0.position - 1 } ?? item.position
        let older = path.filter { (items[$0]?.position ?? 0) <= shared }
        return older + steps.reversed().map(\.number)
    }

    private func offPathAncestors(to item: Item) -> [Item] {
        var (steps, tip): ([Item], Item) = ([], item)
        while !tip.isOnPath {
            steps.append(tip)
            guard let parent = tip.parent.flatMap({ items[$0] }) else { break }
            if tip.isAnswerable, parent.isAnswerable, let answer = answer(between: parent, and: tip), !answer.isOnPath {
                steps.append(answer)
            }
            tip = parent
        }
        return steps
    }

    private mutating func endPath(at item: Item) {
        let steps = offPathAncestors(to: item)
        let position = steps.last?.position ?? item.position + 1
        for other in items.values where other.isOnPath && other.position >= position {
            items[other.number]?.isOnPath = false
        }
        for step in steps.reversed() { putOnPath(step) }
    }

    private func nextStep(after tip: Item) -> Item? {
        if let next = chosenReply(to: tip.number, at: tip.position + 1) { return next }
        let second = chosenReply(to: tip.number, at: tip.position + 2)
        if second != nil || tip.isAnswerable { return second }
        guard let question = tip.parent.flatMap({ items[$0] }),
            let next = chosenReply(to: question.number, at: tip.position + 1),
            answer(between: question, and: next)?.number == tip.number
        else { return nil }
        return next
    }

    private mutating func putOnPath(_ item: Item) {
        markChosen(item)
        items[item.number]?.isOnPath = true
    }

    private mutating func markChosen(_ item: Item) {
        for other in items.values
        where other.position == item.position && other.parent == item.parent && other.role == item.role {
            items[other.number]?.isChosen = other.number == item.number
        }
    }

    // MARK: Siblings

    private func nextSibling(after parent: Int64?, at position: Int, role: String) -> Int {
        let siblings = items.values.filter { $0.parent == parent && $0.position == position && $0.role == role }
        return siblings.map { $0.sibling + 1 }.max() ?? 0
    }

    private func replies(to parent: Int64, at position: Int) -> [Item] {
        items.values.filter { $0.parent == parent && $0.position == position }.sorted { $0.number < $1.number }
    }

    private func chosenReply(to parent: Int64, at position: Int) -> Item? {
        replies(to: parent, at: position).last(where: \.isChosen)
    }

    private func answer(between question: Item, and next: Item) -> Item? {
        let later = replies(to: question.number, at: question.position + 1).first { $0.number > next.number }
        return later ?? chosenReply(to: question.number, at: question.position + 1)
    }

    private func onPath(at position: Int) -> Item? {
        items.values.first { $0.isOnPath && $0.position == position }
    }
}
