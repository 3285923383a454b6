using KadOrleans.Core;
using KadOrleans.Wire;

namespace KadOrleans.Node.Handlers;

/// <summary>Answers PING with our id.</summary>
internal sealed class PingHandler(NodeId ownId)
{
    public int Answer(Span<byte> answer, RequestContext context) =>
        ResponseWriter.WritePong(answer, context.Id, ownId);
}
