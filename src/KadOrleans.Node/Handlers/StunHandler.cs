using KadOrleans.Wire;

namespace KadOrleans.Node.Handlers;

/// <summary>Answers STUN with the address that the request came from.</summary>
internal static class StunHandler
{
    public static int Answer(Span<byte> answer, RequestContext context) =>
        ResponseWriter.WriteStun(answer, context.Id, context.Source);
}
