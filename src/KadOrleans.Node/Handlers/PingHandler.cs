using KadOrleans.Core;
using KadOrleans.Wire;

namespace KadOrleans.Node.Handlers;

/// <summary>Answers PING with our id; a client, which is no node, answers without one.</summary>
internal sealed class PingHandler(NodeId ownId, bool clientOnly)
{
    public int Answer(Span<byte> answer, RequestContext context) => clientOnly
        ? ResponseWriter.WriteEmptyPong(answer, context.Id)
        : ResponseWriter.WritePong(answer, context.Id, ownId);
}
