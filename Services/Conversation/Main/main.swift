import ConversationService
import ServiceKit

await ServiceKit.run(.conversation, build: ConversationService.unit)
