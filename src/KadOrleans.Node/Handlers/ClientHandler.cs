using KadOrleans.Wire;

namespace KadOrleans.Node.Handlers;

/// <summary>
/// Answers for a client, which is no node: it has no id to keep, knows nobody and stores nothing. It answers all the
/// same, so that nodes that took it for one do not wait for it while it runs.
/// </summary>
internal static class ClientHandler
{
    public static int Answer(Span<byte> answer, RequestKind kind, RequestContext context) => kind switch
    {
        RequestKind.Ping => ResponseWriter.WriteEmptyPong(answer, context.Id),
        RequestKind.Stun => StunHandler.Answer(answer, context),
        RequestKind.Store => ResponseWriter.WriteStored(answer, context.Id, false),
        _ => ResponseWriter.WriteNodes(answer, context.Id, []),
    };
}
