using KadOrleans.Core;
using KadOrleans.Wire;

namespace KadOrleans.Simulation.Attackers;

/// <summary>Answers nothing, or pings only: then it stays in tables and costs each lookup the wait for its answer.</summary>
public sealed class SilentPeer(NodeId id, SimulatedTransport transport, bool answersPings = false) : AttackerPeer(id, transport)
{
    /// <inheritdoc/>
    private protected override int Answer(Request request, MessageId id, UdpEndpoint source, Span<byte> answer) =>
        answersPings && request.Kind == RequestKind.Ping ? base.Answer(request, id, source, answer) : 0;
}
