using KadOrleans.Core;
using KadOrleans.Wire;

namespace KadOrleans.Simulation.Attackers;

/// <summary>Answers pings at once and everything else late, with nothing of use.</summary>
/// <param name="id">Its id.</param>
/// <param name="transport">Its place on the network.</param>
/// <param name="clock">The time of its network.</param>
/// <param name="delay">How late.</param>
public sealed class SlowPeer(NodeId id, SimulatedTransport transport, ManualTimeProvider clock, TimeSpan delay)
    : AttackerPeer(id, transport)
{
    /// <inheritdoc/>
    private protected override void OnRequest(Request request, MessageId id, UdpEndpoint source)
    {
        if (request.Kind == RequestKind.Ping)
        {
            base.OnRequest(request, id, source);
            return;
        }

        var answer = new byte[Datagram.MaxLength];
        var length = Answer(request, id, source, answer);
        clock.Schedule(new LateAnswer(this, answer.AsMemory(0, length), source), delay);
    }
}
