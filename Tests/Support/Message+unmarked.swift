package import Contracts

extension Message {
    /// The message as runs return it: only lists say what is read.
    package var unmarked: Message {
        var message = self
        message.isRead = nil
        return message
    }
}
