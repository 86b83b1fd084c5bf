import ConversationService
import ServiceKit

await ServiceKit.run("conversation-svc", portSetting: "CONVERSATION_PORT", build: ConversationService.unit)
